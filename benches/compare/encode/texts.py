"""The texts that are encoded: paragraphs of real articles, at their natural lengths."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LINES = ("themes/bbc.jsonl", "commentary/syndicate_2020.jsonl")
EDITORIALS = "commentary/editorials"


def sample(data: Path, count: int) -> list[str]:
    """`count` of the distinct paragraphs under `data`: those whose SHA-256 comes first.

    That is as good as drawing lots, and the same everywhere; a larger sample holds every smaller.
    """
    paragraphs = sorted(
        set(everything(data)), key=lambda text: hashlib.sha256(text.encode()).digest()
    )
    if len(paragraphs) < count:
        raise ValueError(
            f"`{data}` has {len(paragraphs)} distinct paragraphs, and {count} were asked for"
        )
    return paragraphs[:count]


def everything(data: Path) -> Iterator[str]:
    """Every paragraph under `data`."""
    for name in LINES:
        with open(data / name, encoding="utf-8") as lines:
            for line in lines:
                yield from json.loads(line)["paragraphs"]
    for path in sorted((data / EDITORIALS).rglob("*.json")):
        for units in json.loads(path.read_text(encoding="utf-8"))["paragraphs"]:
            if units and units[0]["label"] != "title":
                yield joined(units)


def joined(units: list[dict[str, Any]]) -> str:
    """One paragraph of an editorial, which is stored in parts of sentences, with spaces between.

    Marks that end a part of a sentence are parts of their own, and take no space before them.
    """
    text = ""
    for unit in units:
        part = unit["text"].strip()
        text += part if not text or part[:1] in ".,;:!?" else f" {part}"
    return text
