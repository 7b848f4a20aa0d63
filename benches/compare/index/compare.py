"""Measures topoi's vector index and others on the same vectors, in one run. README.md says how."""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "encode"))

from child import Child, Failed, Spec, Unavailable  # noqa: E402
from peers import PEERS, WANTED  # noqa: E402

WIDTHS = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 160, 200, 300, 400)
RECALLS = (0.90, 0.95, 0.99)
OURS = ("topoi", "hnsw_rs")
# Building a million vectors on two threads takes an hour with the slowest.
TIMEOUT = 3 * 3600.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--size", type=int, help="how many of the vectors to take")
    parser.add_argument("--synthetic", type=int, help="how many vectors to make of them")
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", choices=[*OURS, *PEERS])
    parser.add_argument(
        "--worker",
        type=Path,
        default=HERE.parents[2] / "target" / "release" / "index-worker",
    )
    return parser.parse_args()


def made(real: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Vectors between a real one and one of those near it, with noise.

    Near ones are looked for among 4,096 others. The noise is as long as half of the way between the two, so that a made vector is
    about as far from its nearest neighbours as real ones are.
    """
    pool = real[random.choice(len(real), min(4096, len(real)), replace=False)]
    parts = []
    for start in range(0, count, 4096):
        chosen = real[random.integers(len(real), size=min(4096, count - start))]
        scores = chosen @ pool.T
        near = np.argpartition(-scores, 8, axis=1)[:, :8]
        other = pool[near[np.arange(len(near)), random.integers(8, size=len(near))]]
        way = other - chosen
        noise = random.standard_normal(way.shape, dtype=np.float32)
        noise *= np.linalg.norm(way, axis=1, keepdims=True) / np.linalg.norm(
            noise, axis=1, keepdims=True
        )
        share = random.random((len(way), 1), dtype=np.float32)
        vectors = chosen + way * share / 2 + noise / 2
        parts.append(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return np.concatenate(parts)


def prepare(options: argparse.Namespace) -> tuple[Path, Path, np.ndarray]:
    """Writes the vectors and the questions, and gives the truth."""
    random = np.random.default_rng(7)
    vectors = np.unique(np.load(options.vectors).astype(np.float32), axis=0)
    random.shuffle(vectors)
    if options.synthetic:
        vectors = made(vectors, options.synthetic + options.questions, random)
    questions, base = vectors[: options.questions], vectors[options.questions :]
    base = np.ascontiguousarray(base[: options.size])
    options.work.mkdir(parents=True, exist_ok=True)
    base_file, questions_file = options.work / "base.npy", options.work / "questions.npy"
    np.save(base_file, base)
    np.save(questions_file, questions)
    truth = []
    for start in range(0, len(questions), 200):
        scores = questions[start : start + 200] @ base.T
        truth.append(np.argpartition(-scores, WANTED, axis=1)[:, :WANTED])
    print(f"{len(base)} vectors of {base.shape[1]} numbers, {len(questions)} questions")
    return base_file, questions_file, np.concatenate(truth)


def recall(found: np.ndarray, truth: np.ndarray) -> float:
    hits = [len(np.intersect1d(a, b)) for a, b in zip(found, truth, strict=True)]
    return sum(hits) / truth.size


def spec(name: str, worker: Path) -> Spec:
    threads = {"OMP_NUM_THREADS": "1"}
    if name in OURS:
        return Spec(name, [str(worker.resolve()), name])
    return Spec(name, [sys.executable, str(HERE / "peers.py"), name], threads)


def main() -> None:
    options = arguments()
    base, questions, truth = prepare(options)
    children: dict[str, Child] = {}
    outcome: dict[str, dict[str, Any]] = {}
    for name in options.only or [*OURS, *PEERS]:
        index = options.work / f"{name.replace(' ', '-')}.index"
        try:
            with Child(spec(name, options.worker), TIMEOUT) as builder:
                built = builder.ask(
                    {
                        "do": "build",
                        "vectors": str(base),
                        "threads": options.threads,
                        "index": str(index),
                    }
                )
            children[name] = Child(spec(name, options.worker), TIMEOUT)
            opened = children[name].ask(
                {"do": "open", "index": str(index), "question": str(questions)}
            )
        except (Unavailable, Failed) as error:
            print(f"left out: {error}", file=sys.stderr)
            children.pop(name, None)
            continue
        outcome[name] = {"build": built, "open": opened, "widths": {}}
        print(f"{name} built in {built['seconds']:.1f} s", flush=True)
    found = options.work / "found.i64"
    names = list(children)
    for width in WIDTHS:
        seconds: dict[str, list[float]] = {name: [] for name in names}
        recalls: dict[str, float] = {}
        for turn in range(options.rounds):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                answer = children[name].ask(
                    {
                        "do": "search",
                        "questions": str(questions),
                        "width": width,
                        "found": str(found),
                    }
                )
                seconds[name].append(answer["seconds"])
                if turn == 0:
                    numbers = np.fromfile(found, dtype=np.int64).reshape(-1, WANTED)
                    recalls[name] = recall(numbers, truth)
        for name in names:
            outcome[name]["widths"][width] = {
                "recall": recalls[name],
                "questions a second": len(truth) / statistics.median(seconds[name]),
            }
    for child in children.values():
        child.__exit__(None, None, None)
    table(outcome, len(np.load(base, mmap_mode="r")))
    if options.json:
        options.json.write_text(json.dumps(outcome, indent=1))


def at(widths: dict[int, dict[str, float]], wanted: float) -> float | None:
    """Questions a second of the first width that reaches a recall."""
    reached = [w for w in widths.values() if w["recall"] >= wanted]
    return reached[0]["questions a second"] if reached else None


def table(outcome: dict[str, dict[str, Any]], count: int) -> None:
    columns = ["build, s", "bytes a vector", "open, ms", "resident, MB"]
    columns += [f"q/s at {wanted:.2f}" for wanted in RECALLS]
    print(f"{'':<12}" + "".join(f"{column:>16}" for column in columns))
    for name, measured in outcome.items():
        cells = [
            f"{measured['build']['seconds']:.1f}",
            f"{measured['build']['bytes'] / count:.0f}",
            f"{measured['open']['seconds'] * 1000:.2f}",
            f"{measured['open']['resident'] / 1e6:.0f}",
        ]
        for wanted in RECALLS:
            speed = at(measured["widths"], wanted)
            cells.append(f"{speed:.0f}" if speed else "–")
        print(f"{name:<12}" + "".join(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    main()
