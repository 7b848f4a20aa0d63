"""A contender written in Python, in a process of its own; or the scores of what any contender has found.

Started by `compare.py`. A contender writes one JSON object to standard output: the theme of each document (-1 for
none), and what finding them took. Only what it needs is imported, since its memory is measured.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

Themes = list[int]
Find = Callable[[], Themes]


def bertopic(options: argparse.Namespace) -> Find:
    """BERTopic as it is by default (UMAP, HDBSCAN, CountVectorizer), with the given vectors instead of a model."""
    import numpy as np
    from bertopic import BERTopic

    # Whoever tells BERTopic a number of topics counts the one of the outliers in.
    settings: dict[str, Any] = {}
    if options.count:
        settings["nr_topics"] = options.count + 1
    vectors = np.load(options.vectors)
    texts = read_texts(options.texts)

    def find() -> Themes:
        topics, _ = BERTopic(**settings).fit_transform(texts, embeddings=vectors)
        return [int(topic) for topic in topics]

    return find


def k_means(options: argparse.Namespace) -> Find:
    """k-means, which has to be told how many themes there are, as scikit-learn has it by default."""
    import numpy as np
    from sklearn.cluster import KMeans

    vectors = np.load(options.vectors)

    def find() -> Themes:
        found: Themes = (
            KMeans(options.count, random_state=options.seed)
            .fit_predict(vectors)
            .tolist()
        )
        return found

    return find


CONTENDERS = {"bertopic": bertopic, "k-means": k_means}


def read_texts(path: Path) -> list[str]:
    """Each document's title and text."""
    texts = []
    # Line ends alone end a line: a text may hold other characters at which Python would split.
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line.strip():
            continue
        document = json.loads(line)
        paragraphs = document.get("paragraphs") or [document["text"]]
        title = document.get("title")
        texts.append("\n".join([title, *paragraphs] if title else paragraphs))
    return texts


def peak_bytes() -> int | None:
    """The most memory of this process that was resident at once, where the system tells (Linux)."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """The themes that a contender finds, and what that takes."""
    begin = time.time()
    find = CONTENDERS[options.do](options)
    loaded = time.time()
    themes = find()
    end = time.time()
    answer = {
        "themes": themes,
        "whole_seconds": end - options.began,
        "load_seconds": loaded - begin,
        "find_seconds": end - loaded,
        "cpu_seconds": time.process_time(),
        "peak_bytes": peak_bytes(),
    }
    if options.again:
        # What was compiled for this process is at hand now.
        begin = time.time()
        find()
        answer["again_seconds"] = time.time() - begin
    return answer


def scored(labels: list[str], themes: Themes) -> dict[str, Any]:
    """How well themes agree with labels; documents without a theme count as a theme of their own."""
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    pairs = zip(labels, themes, strict=True)
    with_theme = [(label, theme) for label, theme in pairs if theme >= 0]
    return {
        "v": float(v_measure_score(labels, themes)),
        "ari": float(adjusted_rand_score(labels, themes)),
        "v_with_theme": (
            float(v_measure_score(*zip(*with_theme, strict=True)))
            if with_theme
            else 0.0
        ),
        "outliers": 1 - len(with_theme) / len(themes),
        "topics": len({theme for _, theme in with_theme}),
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("do", choices=[*CONTENDERS, "score"])
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--count", type=int, help="how many themes to make")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--began", type=float, default=time.time(), help="when the process was started"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="find them twice, and say how long each took",
    )
    return parser.parse_args()


def main() -> None:
    options = arguments()
    # What is on standard output is the answer, whatever the libraries say.
    with redirect_stdout(sys.stderr):
        if options.do == "score":
            asked = json.load(sys.stdin)
            answer = scored(asked["labels"], asked["themes"])
        else:
            answer = measured(options)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
