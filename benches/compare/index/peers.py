"""One peer, in a process of its own: reads a JSON object a line, answers with one.

{"do": "build", "vectors": FILE, "threads": 2, "index": FILE}  {"seconds": 12.3, "bytes": 1234}
{"do": "open", "index": FILE, "question": FILE}                 {"seconds": 0.01, "resident": 1234}
{"do": "search", "questions": FILE, "width": 40, "found": FILE} {"seconds": 0.2}

Files of vectors are NumPy arrays of float32. `open` ends with one question, so that what it reads is in memory. `search` asks for
the ten nearest on one thread and writes their numbers as int64.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

M = 16
CONSTRUCTION = 200
WANTED = 10


class Hnswlib:
    def __init__(self) -> None:
        import hnswlib

        self.module = hnswlib

    def build(self, vectors: np.ndarray, threads: int) -> None:
        self.index = self.module.Index("ip", vectors.shape[1])
        self.index.init_index(
            len(vectors), M=M, ef_construction=CONSTRUCTION, random_seed=1
        )
        self.index.add_items(vectors, num_threads=threads)

    def write(self, path: str) -> None:
        self.index.save_index(path)

    def open(self, path: str, dim: int) -> None:
        self.index = self.module.Index("ip", dim)
        self.index.load_index(path)
        self.index.set_num_threads(1)

    def search(self, questions: np.ndarray, width: int) -> np.ndarray:
        self.index.set_ef(width)
        return self.index.knn_query(questions, WANTED, num_threads=1)[0]


class Usearch:
    def __init__(self, dtype: str) -> None:
        from usearch.index import Index

        self.make, self.dtype = Index, dtype

    def empty(self, dim: int) -> Any:
        # Its bytes are scaled for cosines only.
        metric = "cos" if self.dtype == "i8" else "ip"
        return self.make(
            ndim=dim,
            metric=metric,
            dtype=self.dtype,
            connectivity=M,
            expansion_add=CONSTRUCTION,
        )

    def build(self, vectors: np.ndarray, threads: int) -> None:
        self.index = self.empty(vectors.shape[1])
        self.index.add(np.arange(len(vectors)), vectors, threads=threads)

    def write(self, path: str) -> None:
        self.index.save(path)

    def open(self, path: str, dim: int) -> None:
        self.index = self.empty(dim)
        self.index.view(path)

    def search(self, questions: np.ndarray, width: int) -> np.ndarray:
        self.index.expansion_search = width
        return self.index.search(questions, WANTED, threads=1).keys


class Faiss:
    def __init__(self) -> None:
        import faiss

        self.module = faiss

    def build(self, vectors: np.ndarray, threads: int) -> None:
        self.module.omp_set_num_threads(threads)
        self.index = self.module.IndexHNSWFlat(
            vectors.shape[1], M, self.module.METRIC_INNER_PRODUCT
        )
        self.index.hnsw.efConstruction = CONSTRUCTION
        self.index.add(vectors)

    def write(self, path: str) -> None:
        self.module.write_index(self.index, path)

    def open(self, path: str, dim: int) -> None:
        self.index = self.module.read_index(path)
        self.module.omp_set_num_threads(1)

    def search(self, questions: np.ndarray, width: int) -> np.ndarray:
        self.index.hnsw.efSearch = width
        return self.index.search(questions, WANTED)[1]


PEERS = {
    "hnswlib": Hnswlib,
    "usearch f32": lambda: Usearch("f32"),
    "usearch f16": lambda: Usearch("f16"),
    "usearch i8": lambda: Usearch("i8"),
    "faiss": Faiss,
}


def resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def respond(peer: Any, request: dict[str, Any]) -> dict[str, Any]:
    if request["do"] == "build":
        vectors = np.load(request["vectors"])
        begin = time.perf_counter()
        peer.build(vectors, request["threads"])
        seconds = time.perf_counter() - begin
        peer.write(request["index"])
        return {"seconds": seconds, "bytes": os.path.getsize(request["index"])}
    if request["do"] == "open":
        question = np.load(request["question"])[:1]
        before = resident()
        begin = time.perf_counter()
        peer.open(request["index"], question.shape[1])
        seconds = time.perf_counter() - begin
        peer.search(question, WANTED)
        return {"seconds": seconds, "resident": resident() - before}
    questions = np.load(request["questions"])
    begin = time.perf_counter()
    found = peer.search(questions, request["width"])
    seconds = time.perf_counter() - begin
    np.asarray(found, dtype=np.int64).tofile(request["found"])
    return {"seconds": seconds}


def main() -> None:
    try:
        peer = PEERS[sys.argv[1]]()
    except ImportError as error:
        print(json.dumps({"unavailable": str(error)}), flush=True)
        return
    for line in sys.stdin:
        print(json.dumps(respond(peer, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
