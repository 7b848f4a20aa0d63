"""Who is compared, how each is started, and with which settings."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import export
from child import Spec, Unavailable, python

REPOSITORY = Path(__file__).resolve().parents[3]
# topoi's contenders, with what tells its worker apart.
TOPOI = {
    "topoi f32": ["--engine", "packed", "--precision", "f32"],
    "topoi int8": ["--engine", "packed", "--precision", "int8"],
    "topoi candle": ["--engine", "candle", "--precision", "f32"],
}
# The peers, with how many texts go through the model at once: what `tune.py` found fastest on the
# machine that README.md names, and which graph suits onnxruntime best.
BATCH = {
    "sentence-transformers": 32,
    "onnxruntime fp32": 32,
    "onnxruntime int8": 32,
    "as exported fp32": 32,
    "as exported int8": 32,
}
# `as exported` is onnxruntime too, with the graph as it comes; fusing it takes a step of its own.
GRAPH = {
    "onnxruntime fp32": "fused",
    "onnxruntime int8": "fused-int8",
    "as exported fp32": "plain",
    "as exported int8": "plain-int8",
}


def specs(
    options: argparse.Namespace, names: list[str]
) -> Iterator[Spec | Unavailable]:
    """How each contender in `names` is started, or why it can't be."""
    for name in names:
        try:
            yield topoi(name, options) if name in TOPOI else peer(name, options)
        except Unavailable as reason:
            yield reason


def topoi(name: str, options: argparse.Namespace) -> Spec:
    """The worker beside this file, as it was built."""
    if not options.worker.is_file():
        raise Unavailable(
            f"{name}: there is no `{options.worker}`; "
            "build it with `cargo build --release -p topoi-benches --bin encode-worker`"
        )
    common = ["--model", str(options.model), "--threads", str(options.threads)]
    return Spec(name, [str(options.worker), *common, *TOPOI[name]])


def peer(name: str, options: argparse.Namespace) -> Spec:
    """A contender of `peers.py`; its graph is exported if it isn't there yet."""
    common = ["--model", str(options.model), "--batch", str(BATCH[name])]
    if name not in GRAPH:
        return python(name, [name, *common], options.threads)
    try:
        graph = export.graph(GRAPH[name], options.model, options.work)
    except ImportError as error:
        raise Unavailable(f"{name}: its graph can't be exported: {error}") from error
    arguments = ["onnxruntime", *common, "--graph", str(graph)]
    return python(name, arguments, options.threads)


def common_options(parser: argparse.ArgumentParser) -> None:
    """The options of every measurement."""
    data = os.environ.get("TOPOI_DATA") or REPOSITORY.parent / "shared" / "data"
    add = parser.add_argument
    add("--model", type=Path, required=True, help="the model's folder")
    add("--work", type=Path, required=True, help="where ONNX files are kept")
    add("--data", type=Path, default=Path(data), help="where the texts are")
    add("--texts", type=int, default=400, help="how many paragraphs (400)")
    add("--threads", type=int, default=2, help="threads of each contender (2)")
    add("--rounds", type=int, default=7, help="rounds that count (7)")
    add("--timeout", type=float, default=600, help="seconds for one answer (600)")
    add(
        "--patience",
        type=float,
        default=600,
        help="seconds to wait, all in all, for other programs to be still (600)",
    )
