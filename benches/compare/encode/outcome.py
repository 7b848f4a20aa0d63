"""What was measured, as plain data and as a table for people."""

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import quiet
from contenders import BATCH, GRAPH

# Each of topoi's contenders, and whom it is set beside: the faster of them.
DUELS = {
    "topoi f32": ("sentence-transformers", "onnxruntime fp32"),
    "topoi candle": ("sentence-transformers", "onnxruntime fp32"),
    "topoi int8": ("onnxruntime int8",),
}
PACKAGES = (
    "sentence-transformers",
    "torch",
    "transformers",
    "tokenizers",
    "onnxruntime",
    "numpy",
)
# The table's columns and their widths.
COLUMNS = {
    "contender": 23,
    "paragraphs/s": 13,
    "(min–max)": 15,
    "tokens/s": 9,
    "MiB": 7,
    "query ms": 10,
    "cosine": 10,
    "least": 10,
}


@dataclass
class Result:
    """What was measured of one contender."""

    name: str
    tokens: int
    # How long each run took, and how many cores other programs took meanwhile.
    seconds: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    query_seconds: list[float] = field(default_factory=list)
    peak_bytes: int | None = None
    cosine_mean: float | None = None
    cosine_min: float | None = None


@dataclass(frozen=True)
class Duel:
    """How many times as fast one contender is as another."""

    contender: str
    peer: str
    # The ratio of the medians, and the extremes of the ratios of each round.
    ratio: float
    lowest: float
    highest: float


def duels(results: list[Result]) -> Iterator[Duel]:
    """Each of topoi's contenders beside the faster of its peers."""
    seconds = {result.name: result.seconds for result in results}
    for name, peers in DUELS.items():
        present = [peer for peer in peers if peer in seconds]
        if name in seconds and present:
            peer = min(present, key=lambda peer: statistics.median(seconds[peer]))
            yield duel(name, seconds[name], peer, seconds[peer])


def duel(name: str, ours: list[float], peer: str, theirs: list[float]) -> Duel:
    rounds = [their / our for their, our in zip(theirs, ours, strict=True)]
    ratio = statistics.median(theirs) / statistics.median(ours)
    return Duel(name, peer, ratio, min(rounds), max(rounds))


def plain(
    settings: dict[str, Any],
    results: list[Result],
    outcome: list[Duel],
    skipped: list[str],
) -> dict[str, Any]:
    """Everything, as what JSON holds."""
    return {
        "machine": machine(),
        "settings": settings | {"batch": BATCH, "graph": GRAPH},
        "results": [vars(result) for result in results],
        "duels": [vars(duel) for duel in outcome],
        "skipped": skipped,
    }


def machine() -> dict[str, Any]:
    """What was measured on, and with which versions."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {"processor": processor(), "cores": os.cpu_count(), "versions": versions}


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        information = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line for line in information.splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


def printed(outcome: dict[str, Any]) -> Iterator[str]:
    """The lines of text that say what `plain` holds."""
    results = [Result(**result) for result in outcome["results"]]
    texts = outcome["settings"]["texts"]
    yield from header(outcome, results)
    yield ""
    yield from table(results, texts)
    yield ""
    for found in (Duel(**duel) for duel in outcome["duels"]):
        yield (
            f"{found.contender} is {found.ratio:.2f} times as fast as {found.peer}"
            f" (in single rounds {found.lowest:.2f}–{found.highest:.2f})"
        )
    shares = [share for result in results for share in result.others]
    disturbed = sum(share >= quiet.LIMIT for share in shares)
    if disturbed:
        yield f"other programs were at work in {disturbed} of {len(shares)} runs"
    for reason in outcome["skipped"]:
        yield f"skipped: {reason}"


def header(outcome: dict[str, Any], results: list[Result]) -> Iterator[str]:
    """What was measured, where, and with what."""
    where, settings = outcome["machine"], outcome["settings"]
    yield (
        f"{where['processor']}, {where['cores']} cores; "
        f"{settings['threads']} threads, {settings['rounds']} rounds"
    )
    yield ", ".join(f"{name} {version}" for name, version in where["versions"].items())
    means = {result.name: result.tokens / settings["texts"] for result in results}
    mean = statistics.median(means.values())
    yield f"{settings['texts']} paragraphs of {mean:.1f} tokens on average"
    if len(set(means.values())) > 1:
        yield f"The contenders don't agree on how many tokens there are: {means}"


def table(results: list[Result], texts: int) -> Iterator[str]:
    """One line a contender."""
    yield row(list(COLUMNS))
    for result in results:
        seconds = statistics.median(result.seconds)
        slowest, fastest = texts / max(result.seconds), texts / min(result.seconds)
        yield row(
            [
                result.name,
                f"{texts / seconds:.1f}",
                f"({slowest:.1f}–{fastest:.1f})",
                f"{result.tokens / seconds:.0f}",
                shown(result.peak_bytes, 1 / 2**20, 0),
                f"{statistics.median(result.query_seconds) * 1e3:.2f}",
                shown(result.cosine_mean, 1, 5),
                shown(result.cosine_min, 1, 5),
            ]
        )


def row(cells: list[str]) -> str:
    """The first cell to the left, the others to the right."""
    first, *widths = COLUMNS.values()
    rest = (f"{cell:>{width}}" for cell, width in zip(cells[1:], widths, strict=True))
    return f"{cells[0]:<{first}}" + "".join(rest)


def shown(value: float | None, factor: float, digits: int) -> str:
    """A number that may be unknown."""
    return "–" if value is None else f"{value * factor:.{digits}f}"
