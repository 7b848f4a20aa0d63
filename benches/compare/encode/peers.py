"""A contender written in Python, in a process of its own: sentence-transformers or onnxruntime.

Started by `compare.py` and `tune.py`, which send one JSON object a line and read one back;
`worker.rs` says which. Only what the contender needs is imported, since its memory is measured.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np

Vectors = np.ndarray[Any, np.dtype[np.float32]]


class Contender(Protocol):
    """What turns texts into vectors."""

    # How many texts go through the model at once.
    batch: int

    def tokens(self, texts: list[str]) -> int:
        """How many tokens of all `texts` the model reads."""

    def encode(self, texts: list[str]) -> Vectors:
        """The vectors of `texts`, in their order and of unit length: n × dim."""


class SentenceTransformers:
    """sentence-transformers as its manual uses it: it sorts texts by length itself."""

    def __init__(self, model: Path, threads: int, batch: int) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        self.batch = batch
        self.inference_mode = torch.inference_mode
        self.model = SentenceTransformer(
            str(model), device="cpu", local_files_only=True
        )
        self.model.eval()

    def tokens(self, texts: list[str]) -> int:
        return sum(len(self.model.tokenize([text])["input_ids"][0]) for text in texts)

    def encode(self, texts: list[str]) -> Vectors:
        with self.inference_mode():
            return self.model.encode(
                texts,
                batch_size=self.batch,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )


class OnnxRuntime:
    """onnxruntime, with the fast tokeniser before it, and mean pooling and normalising behind it."""

    def __init__(self, model: Path, threads: int, batch: int, graph: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = (
            onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        )
        self.session = onnxruntime.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"]
        )
        layout = json.loads(
            (model / "sentence_bert_config.json").read_text(encoding="utf-8")
        )
        self.tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self.tokenizer.enable_truncation(layout["max_seq_length"])
        self.tokenizer.no_padding()
        self.batch = batch

    def tokens(self, texts: list[str]) -> int:
        return sum(len(ids) for ids in self.ids(texts))

    def ids(self, texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(texts)]

    def encode(self, texts: list[str]) -> Vectors:
        ids = self.ids(texts)
        # The longest first, as sentence-transformers does it: the largest buffers come first.
        order = sorted(range(len(ids)), key=lambda index: -len(ids[index]))
        vectors: Vectors | None = None
        for start in range(0, len(order), self.batch):
            members = order[start : start + self.batch]
            rows = self.forward([ids[index] for index in members])
            if vectors is None:
                vectors = np.empty((len(texts), rows.shape[1]), dtype=np.float32)
            vectors[members] = rows
        if vectors is None:
            raise ValueError("there are no texts")
        return vectors

    def forward(self, ids: list[list[int]]) -> Vectors:
        """The vectors of one batch, of which the first text is the longest."""
        numbers = np.zeros((len(ids), len(ids[0])), dtype=np.int64)
        mask = np.zeros_like(numbers)
        for row, text in enumerate(ids):
            numbers[row, : len(text)] = text
            mask[row, : len(text)] = 1
        feed = {"input_ids": numbers, "attention_mask": mask}
        tokens = self.session.run(None, feed)[0]
        # One product a text: the mask as a row of zeros and ones, times the vectors of its tokens.
        # That is the mean but for its length, which is brought to one.
        sums = np.matmul(mask[:, None, :].astype(np.float32), tokens)[:, 0, :]
        vectors: Vectors = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return vectors


def load(options: argparse.Namespace) -> Contender:
    """The contender that the options ask for."""
    if options.contender == "sentence-transformers":
        return SentenceTransformers(options.model, options.threads, options.batch)
    return OnnxRuntime(options.model, options.threads, options.batch, options.graph)


def answers(
    options: argparse.Namespace, requests: Iterator[dict[str, Any]]
) -> Iterator[Any]:
    """The answer to each request, of which the first is `load`: the others need what it brings."""
    texts: list[str] = next(requests)["texts"]
    try:
        contender = load(options)
    except ImportError as error:
        yield {"unavailable": str(error)}
        return
    yield {"tokens": contender.tokens(texts)}
    for request in requests:
        match request["do"]:
            case "run":
                contender.batch = request.get("batch", contender.batch)
                yield {"seconds": seconds(contender, texts)}
            case "query":
                query = [request["text"]]
                yield {
                    "seconds": [
                        seconds(contender, query) for _ in range(request["times"])
                    ]
                }
            case "vectors":
                vectors = contender.encode(texts)
                Path(request["file"]).write_bytes(vectors.astype("<f4").tobytes())
                yield {"rows": vectors.shape[0], "dim": vectors.shape[1]}
            case other:
                raise ValueError(f"there is no request `{other}`")


def seconds(contender: Contender, texts: list[str]) -> float:
    """How long the vectors of `texts` take, tokenising included."""
    begin = time.perf_counter()
    contender.encode(texts)
    return time.perf_counter() - begin


def private_output() -> TextIO:
    """Standard output for the protocol alone: whatever a library prints goes to standard error."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return output


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("contender", choices=["sentence-transformers", "onnxruntime"])
    parser.add_argument("--model", type=Path, required=True, help="the model's folder")
    parser.add_argument("--graph", type=Path, help="the ONNX file, for onnxruntime")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True, help="texts in a batch")
    options = parser.parse_args()
    if options.contender == "onnxruntime" and options.graph is None:
        parser.error("onnxruntime needs --graph")
    return options


def main() -> None:
    options = arguments()
    output = private_output()
    for answer in answers(options, map(json.loads, sys.stdin)):
        print(json.dumps(answer), file=output, flush=True)


if __name__ == "__main__":
    main()
