"""Themes by topoi beside BERTopic and k-means, on the same vectors, each in a process of its own.

    pip install -r requirements.txt        (bertopic, numpy, scikit-learn, umap-learn, hdbscan; no model is needed)
    topoi eval-themes TEXTS --no-stability --keep-vectors VECTORS
    python compare.py --texts TEXTS --vectors VECTORS

README.md says what is measured, how to repeat it, and what is fair about it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
TOPOI = "topoi"
# The Python contenders: what peers.py calls them, and whether they are told how many labels there are.
PEERS = {
    "BERTopic": ("bertopic", False),
    "BERTopic told k": ("bertopic", True),
    "k-means told k": ("k-means", True),
}
# The table's columns and their widths.
COLUMNS = {
    "contender": 17,
    "V": 8,
    "(min–max)": 16,
    "ARI": 8,
    "V themed": 10,
    "outliers": 10,
    "topics": 8,
    "whole s": 9,
    "load s": 8,
    "find s": 8,
    "again s": 9,
    "cpu s": 8,
    "MiB": 7,
}


class Failed(Exception):
    """A contender broke off, or didn't come to an end in time."""


@dataclass
class Result:
    """What was measured of one contender, round by round."""

    name: str
    runs: list[dict[str, Any]] = field(default_factory=list)

    def median(self, key: str) -> float | None:
        """The median of a figure over the rounds that have it."""
        values = [run[key] for run in self.runs if run.get(key) is not None]
        return statistics.median(values) if values else None

    def extremes(self, key: str) -> tuple[float, float]:
        """The least and the greatest of a figure."""
        values = [run[key] for run in self.runs]
        return min(values), max(values)


def environment(threads: int) -> dict[str, str]:
    """For a process that keeps to `threads` threads, whatever it computes with."""
    names = ("OMP", "MKL", "OPENBLAS", "NUMBA", "RAYON")
    return (
        os.environ
        | {f"{name}_NUM_THREADS": str(threads) for name in names}
        | {"TQDM_DISABLE": "1"}
    )


def run_peer(
    options: argparse.Namespace, name: str, count: int, turn: int
) -> dict[str, Any]:
    """One round of a contender in Python."""
    do, is_told = PEERS[name]
    command = [
        do,
        "--vectors",
        str(options.vectors),
        "--texts",
        str(options.texts),
        "--seed",
        str(turn),
    ]
    if is_told:
        command += ["--count", str(count)]
    if options.again:
        command.append("--again")
    return ask_peer(options, name, [*command, "--began", str(time.time())], None)


def ask_peer(
    options: argparse.Namespace, name: str, arguments: list[str], asked: str | None
) -> dict[str, Any]:
    """What `peers.py` answers."""
    command = [sys.executable, str(Path(__file__).with_name("peers.py")), *arguments]
    try:
        done = subprocess.run(
            command,
            input=asked,
            capture_output=True,
            text=True,
            env=environment(options.threads),
            timeout=options.timeout,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{name}: not done within {options.timeout:.0f} s") from error
    except subprocess.CalledProcessError as error:
        raise Failed(
            f"{name}: it ended with {error.returncode}\n{error.stderr[-2000:]}"
        ) from error
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def run_topoi(options: argparse.Namespace) -> dict[str, Any]:
    """One round of `topoi eval-themes`: the whole process, reading and labelling included."""
    with tempfile.TemporaryDirectory() as folder:
        assignments = Path(folder) / "assignments.jsonl"
        command = [
            str(options.topoi.resolve()),
            "eval-themes",
            str(options.texts),
            "--vectors",
            str(options.vectors),
        ]
        command += ["--assignments", str(assignments), "--no-stability", "--json"]
        command += ["--threads", str(options.threads)]
        begin = time.time()
        try:
            child = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, env=environment(options.threads)
            )
        except OSError as error:
            raise Failed(f"{TOPOI} can't be started: {error}") from error
        timer = threading.Timer(options.timeout, child.kill)
        timer.start()
        # It also says what the process took. This program is small: a child can't inherit a peak from it.
        _, status, usage = os.wait4(child.pid, 0)
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise Failed(f"{TOPOI}: it ended with {child.returncode}")
        seconds = time.time() - begin
        lines = nonblank_lines(assignments)
    return {
        "themes": [json.loads(line)["theme"] for line in lines],
        "whole_seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,
    }


def nonblank_lines(path: Path) -> list[str]:
    """The lines of a file; only line ends end one, since a text may hold other characters at which Python would split."""
    return [
        line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()
    ]


def label_of(line: str) -> str:
    """The label of a document, under any of the names that topoi understands."""
    document = json.loads(line)
    names = ("label", "theme", "category", "class")
    return str(
        next(document[name] for name in names if document.get(name) not in (None, ""))
    )


def measure(options: argparse.Namespace, labels: list[str]) -> Iterator[Result]:
    """Every contender once a round, each round beginning with another."""
    names = options.only or [TOPOI, *PEERS]
    results = {name: Result(name) for name in names}
    for turn in range(options.rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            if name == TOPOI:
                run = run_topoi(options)
            else:
                run = run_peer(options, name, len(set(labels)), turn)
            asked = json.dumps({"labels": labels, "themes": run.pop("themes")})
            run |= ask_peer(options, "the scores", ["score"], asked)
            results[name].runs.append(run)
            print(
                f"round {turn + 1}, {name}: {run['whole_seconds']:.1f} s",
                file=sys.stderr,
            )
    yield from results.values()


def printed(results: list[Result]) -> Iterator[str]:
    """One line a contender, and how many times as much as topoi the others take."""
    yield row(list(COLUMNS))
    for result in results:
        low, high = result.extremes("v")
        yield row(
            [
                result.name,
                shown(result.median("v"), 3),
                f"({low:.3f}–{high:.3f})",
                shown(result.median("ari"), 3),
                shown(result.median("v_with_theme"), 3),
                shown(result.median("outliers"), 3),
                shown(result.median("topics"), 0),
                shown(result.median("whole_seconds"), 1),
                shown(result.median("load_seconds"), 1),
                shown(result.median("find_seconds"), 1),
                shown(result.median("again_seconds"), 1),
                shown(result.median("cpu_seconds"), 1),
                shown(result.median("peak_bytes"), 0, 2**20),
            ]
        )
    ours = next((result for result in results if result.name == TOPOI), None)
    for result in results:
        if ours is None or result is ours:
            continue
        whole, cpu, memory = (
            ratio(result.median(key), ours.median(key))
            for key in ("whole_seconds", "cpu_seconds", "peak_bytes")
        )
        find = ratio(result.median("find_seconds"), ours.median("whole_seconds"))
        again = ratio(result.median("again_seconds"), ours.median("whole_seconds"))
        yield (
            f"{result.name} takes {whole} times the time of {TOPOI} (without loading {find}, a second time in the same"
            f" process {again}), {cpu} times the processor's time, and {memory} times the memory"
        )


def row(cells: list[str]) -> str:
    """The first cell to the left, the others to the right."""
    first, *widths = COLUMNS.values()
    return f"{cells[0]:<{first}}" + "".join(
        f"{cell:>{width}}" for cell, width in zip(cells[1:], widths, strict=True)
    )


def shown(value: float | None, digits: int, unit: float = 1) -> str:
    """A figure that may be unknown."""
    return "–" if value is None else f"{value / unit:.{digits}f}"


def ratio(theirs: float | None, ours: float | None) -> str:
    """How many times as much, where both are known."""
    return "–" if theirs is None or not ours else f"{theirs / ours:.1f}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--texts",
        type=Path,
        required=True,
        help="the documents, as `topoi eval-themes` reads them",
    )
    parser.add_argument(
        "--vectors",
        type=Path,
        required=True,
        help="their vectors: a NumPy array, n × dim, float32",
    )
    parser.add_argument(
        "--topoi", type=Path, default=REPOSITORY / "target" / "release" / "topoi"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--timeout",
        type=float,
        default=3600.0,
        help="seconds that a contender may take",
    )
    parser.add_argument(
        "--again",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="have the contenders in Python find the themes twice, since the first time includes compiling",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=[TOPOI, *PEERS],
        help="a contender to measure; may be repeated; all where it isn't given",
    )
    parser.add_argument("--json", type=Path, help="write the outcome to this file too")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    try:
        lines = nonblank_lines(options.texts)
        labels = [label_of(line) for line in lines]
        results = list(measure(options, labels))
    except (Failed, OSError) as error:
        sys.exit(str(error))
    print(
        f"{len(labels)} documents, {len(set(labels))} labels, {options.threads} threads, {options.rounds} rounds"
    )
    for line in printed(results):
        print(line)
    if options.json:
        outcome = [asdict(result) for result in results]
        options.json.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
