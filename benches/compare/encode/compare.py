"""topoi's encoder beside sentence-transformers and onnxruntime, on the same texts, in turns.

    python compare.py --model FOLDER --work FOLDER

README.md says what is measured, how to repeat it, and what is fair about it.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import quiet
from child import Child, Failed, Unavailable
from contenders import BATCH, REPOSITORY, TOPOI, common_options, specs
from outcome import Result, duels, plain, printed
from texts import sample

REFERENCE = "sentence-transformers"
QUERY = "who pays for a tariff?"
# The query is asked in blocks, so that every contender has its share of every moment.
QUERY_BLOCKS = 10
QUERIES_IN_A_BLOCK = 20

Vectors = np.ndarray[Any, np.dtype[np.float32]]
Cosines = np.ndarray[Any, np.dtype[np.float64]]


@dataclass
class Running:
    """A contender that is loaded, and what was measured of it so far."""

    child: Child
    result: Result


def start(
    options: argparse.Namespace, texts: list[str], stack: ExitStack
) -> tuple[list[Running], list[str]]:
    """The contenders that could be loaded, and why others couldn't."""
    running: list[Running] = []
    skipped: list[str] = []
    for spec in specs(options, options.only or [*TOPOI, *BATCH]):
        try:
            if isinstance(spec, Unavailable):
                raise spec
            child = stack.enter_context(Child(spec, options.timeout))
            answer = child.ask({"do": "load", "texts": texts})
        except Unavailable as reason:
            skipped.append(str(reason))
        else:
            running.append(Running(child, Result(spec.name, answer["tokens"])))
    return running, skipped


def in_turns(running: list[Running], rounds: int) -> Iterator[Running]:
    """Every contender once a round, each round beginning with another."""
    for turn in range(rounds):
        first = turn % len(running)
        yield from running[first:] + running[:first]


def measure(options: argparse.Namespace, running: list[Running]) -> None:
    """Fills in times, memory and cosines."""
    for contender in running:
        contender.child.ask({"do": "run"})
    deadline = time.monotonic() + options.patience
    for contender in in_turns(running, options.rounds):
        answer, others = contender.child.undisturbed({"do": "run"}, deadline)
        contender.result.seconds.append(answer["seconds"])
        contender.result.others.append(others)
    for contender in running:
        contender.result.peak_bytes = contender.child.peak_bytes()
    query = {"do": "query", "text": QUERY, "times": QUERIES_IN_A_BLOCK}
    for contender in running:
        contender.child.ask(query)
    for contender in in_turns(running, QUERY_BLOCKS):
        quiet.wait(deadline)
        contender.result.query_seconds.extend(contender.child.ask(query)["seconds"])
    compare_vectors(running)


def compare_vectors(running: list[Running]) -> None:
    """Fills in the cosines with the vectors of the reference, if it is here."""
    vectors = {one.result.name: fetched(one.child) for one in running}
    if REFERENCE not in vectors:
        return
    for contender in running:
        cosines = rows_cosine(vectors[contender.result.name], vectors[REFERENCE])
        contender.result.cosine_mean = float(cosines.mean())
        contender.result.cosine_min = float(cosines.min())


def fetched(child: Child) -> Vectors:
    """The child's vectors of all texts: n × dim."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.f32"
        shape = child.ask({"do": "vectors", "file": str(path)})
        return np.fromfile(path, dtype="<f4").reshape(shape["rows"], shape["dim"])


def rows_cosine(one: Vectors, other: Vectors) -> Cosines:
    """The cosine of each row of the one with the same row of the other."""
    a, b = one.astype(np.float64), other.astype(np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosines: Cosines = (a * b).sum(axis=1) / lengths
    return cosines


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    common_options(parser)
    parser.add_argument(
        "--worker",
        type=Path,
        default=REPOSITORY / "target" / "release" / "encode-worker",
        help="topoi's side (target/release/encode-worker)",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=[*TOPOI, *BATCH],
        help="a contender to measure; may be repeated; all where it isn't given",
    )
    parser.add_argument("--json", type=Path, help="write the outcome to this file too")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    try:
        texts = sample(options.data, options.texts)
        with ExitStack() as stack:
            running, skipped = start(options, texts, stack)
            if not running:
                sys.exit("\n".join(["there is nobody to compare:", *skipped]))
            measure(options, running)
    except (Failed, OSError) as error:
        sys.exit(str(error))
    results = [contender.result for contender in running]
    settings = {
        "threads": options.threads,
        "rounds": options.rounds,
        "texts": len(texts),
        "query": QUERY,
    }
    outcome = plain(settings, results, list(duels(results)), skipped)
    for line in printed(outcome):
        print(line)
    if options.json:
        options.json.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
