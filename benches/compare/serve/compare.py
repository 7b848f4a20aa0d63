"""What `topoi serve` carries, and how its embeddings do beside sentence-transformers behind a plain server.

See README.md. Everything is measured in rounds, one contender after the other in each, and medians are compared.
"""

import argparse
import contextlib
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
CONNECTIONS = 32
OVERLOAD = 10 * CONNECTIONS


class Server:
    """A server that was started, and where it listens."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    def memory(self) -> str:
        """What the process holds for itself, and what of the library's files is mapped and in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        own, mapped = (int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) for name in ("RssAnon", "RssFile"))
        return f"memory {own / 1024:.0f} MiB, and {mapped / 1024:.0f} MiB of files"


@contextlib.contextmanager
def topoi(program: str, library: str, threads: int, *arguments: str) -> Iterator[Server]:
    command = [program, "--threads", str(threads), "serve", library, "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout
    url = process.stdout.readline().strip().rstrip("/")
    if not url:
        sys.exit(f"{program} did not start")
    try:
        yield Server(process, url)
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def plain(python: str, model: str, threads: int, port: int) -> Iterator[Server]:
    command = [python, str(HERE / "plain_server.py"), str(port), model, str(threads)]
    process = subprocess.Popen(command, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            with contextlib.suppress(urllib.error.URLError):
                body = json.dumps({"model": "m", "input": "warm"}).encode()
                urllib.request.urlopen(urllib.request.Request(f"{url}/v1/embeddings", body))
                break
            time.sleep(0.2)
        yield Server(process, url)
    finally:
        process.terminate()
        process.wait()


def load(
    server: Server,
    lines: Path,
    target: str,
    connections: int,
    seconds: float,
    start: int,
    *more: str,
) -> dict:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s", "-s"]
    command += [str(HERE / "load.lua"), server.url, "--", str(lines), target, str(start), *more]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    result = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    return result | {"rate": result["answered"] / result["seconds"]}


def questions(texts: Path) -> list[str]:
    """Pieces of sentences, of four to twelve words: as many as there are, no two alike."""
    dice = random.Random(7)
    found = []
    for line in texts.read_text().splitlines():
        for paragraph in json.loads(line)["paragraphs"]:
            for sentence in re.split(r"(?<=[.!?])\s+", paragraph):
                words = sentence.replace('"', "").split()
                if len(words) >= 6:
                    length = dice.randint(4, 12)
                    begin = dice.randint(0, max(0, len(words) - length))
                    found.append(" ".join(words[begin : begin + length]))
    found = list(dict.fromkeys(found))
    dice.shuffle(found)
    return found


def told(what: str, results: list[dict]) -> None:
    rates = [result["rate"] for result in results]
    p99 = statistics.median(result["p99_ms"] for result in results)
    p50 = statistics.median(result["p50_ms"] for result in results)
    wrong = sum(result["other"] + result["broken"] for result in results)
    shed = sum(result["shed"] for result in results)
    print(
        f"{what:<58} {statistics.median(rates):8.0f}/s ({min(rates):.0f} to {max(rates):.0f}) "
        f" p50 {p50:7.1f} ms  p99 {p99:7.1f} ms  503: {shed}  errors: {wrong}",
        flush=True,
    )


def rounds(count: int, contenders: dict[str, tuple], seconds: float) -> dict[str, list[dict]]:
    results: dict[str, list[dict]] = {name: [] for name in contenders}
    for number in range(count):
        for name, (server, lines, target, connections) in contenders.items():
            start = number * 7919
            results[name].append(load(server, lines, target, connections, seconds, start))
    for name, measured in results.items():
        told(name, measured)
    return results


def ratio(results: dict[str, list[dict]], of: str, to: str) -> None:
    rate = lambda name: statistics.median(result["rate"] for result in results[name])
    print(f"    {of} is {rate(of) / rate(to):.2f} times {to}", flush=True)


def recovers(server: Server) -> None:
    """How long after an overload the first question is answered."""
    begin = time.monotonic()
    while True:
        path = "/v1/search?q=" + urllib.parse.quote(f"after the flood {time.monotonic()}")
        try:
            urllib.request.urlopen(server.url + path).read()
            break
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
    print(f"    answers again {(time.monotonic() - begin) * 1e3:.0f} ms after the overload", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topoi")
    parser.add_argument("library", help="a library of at least 100,000 passages")
    parser.add_argument("texts", type=Path, help="JSON lines with `paragraphs`, from which questions are made")
    parser.add_argument("--python", default=sys.executable, help="a Python with sentence-transformers and uvicorn")
    parser.add_argument("--model", help="the folder of the model, for sentence-transformers")
    parser.add_argument("--f32", help="a library whose model computes in f32, for a fairer comparison of embeddings")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3, help="0 for the overload alone")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--flood-minutes", type=float, default=0, help="how long to overload the server")
    asked = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        all_questions = questions(asked.texts)
        paths = Path(folder) / "paths"
        search = ["/v1/search?q=" + urllib.parse.quote(question) for question in all_questions]
        paths.write_text("\n".join(search) + "\n")
        why = Path(folder) / "why"
        why.write_text("\n".join(path + "&why=true" for path in search) + "\n")
        same = Path(folder) / "same"
        same.write_text(search[0] + "\n")
        body = lambda texts: json.dumps({"model": "all-MiniLM-L6-v2", "input": texts})
        single = Path(folder) / "single"
        single.write_text("\n".join(body(question) for question in all_questions) + "\n")
        paragraphs = [
            paragraph[:600]
            for line in asked.texts.read_text().splitlines()
            for paragraph in json.loads(line)["paragraphs"]
        ]
        many = Path(folder) / "many"
        many.write_text(
            "\n".join(body(paragraphs[i : i + 32]) for i in range(0, len(paragraphs) - 32, 32)) + "\n"
        )
        print(f"{len(all_questions)} questions, {asked.threads} threads, {asked.rounds} rounds", flush=True)

        server = lambda *arguments: topoi(asked.topoi, asked.library, asked.threads, *arguments)
        if asked.rounds:
            with server() as usual, server("--batch", "1") as one_by_one:
                rounds(
                    asked.rounds,
                    {
                        "search, distinct questions": (usual, paths, "-", CONNECTIONS),
                        "search, the same question": (usual, same, "-", CONNECTIONS),
                        "search with the sentence that matches, distinct": (usual, why, "-", 8),
                    },
                    asked.seconds,
                )
                together = rounds(
                    asked.rounds,
                    {
                        "embedding a question, together": (usual, single, "/v1/embeddings", CONNECTIONS),
                        "embedding a question, one by one": (one_by_one, single, "/v1/embeddings", CONNECTIONS),
                    },
                    asked.seconds,
                )
                ratio(together, "embedding a question, together", "embedding a question, one by one")
            if asked.model:
                library = asked.f32 or asked.library
                embedder = topoi(asked.topoi, library, asked.threads)
                with embedder as ours, plain(asked.python, asked.model, asked.threads, 18788) as theirs:
                    beside = rounds(
                        asked.rounds,
                        {
                            "topoi, a question": (ours, single, "/v1/embeddings", CONNECTIONS),
                            "sentence-transformers, a question": (theirs, single, "/v1/embeddings", CONNECTIONS),
                            "topoi, 32 paragraphs": (ours, many, "/v1/embeddings", 4),
                            "sentence-transformers, 32 paragraphs": (theirs, many, "/v1/embeddings", 4),
                        },
                        # A request of paragraphs takes a second or more.
                        2 * asked.seconds,
                    )
                    ratio(beside, "topoi, a question", "sentence-transformers, a question")
                    ratio(beside, "topoi, 32 paragraphs", "sentence-transformers, 32 paragraphs")
        if asked.flood_minutes:
            with server() as flooded:
                load(flooded, paths, "-", CONNECTIONS, asked.seconds, 0)
                print(f"before: {flooded.memory()}", flush=True)
                for minute in range(max(1, round(asked.flood_minutes))):
                    told(f"flood, minute {minute + 1}", [load(flooded, paths, "-", OVERLOAD, 60, minute * 10_000_000, "unique")])
                    recovers(flooded)
                    print(f"    {flooded.memory()}", flush=True)


if __name__ == "__main__":
    main()
