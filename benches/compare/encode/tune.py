"""What suits the peers best: every batch size with every form of the ONNX graph, measured.

`contenders.py` holds the outcome. To see whether they suit another machine:

    python tune.py --model FOLDER --work FOLDER
"""

import argparse
import itertools
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack

import export
from child import Child, Failed, Spec, Unavailable, python
from contenders import common_options
from texts import sample

BATCHES = (8, 16, 32, 64)


def specs(options: argparse.Namespace) -> Iterator[Spec]:
    """Every peer with every graph."""
    common = ["--model", str(options.model), "--batch", str(BATCHES[0])]
    yield python(
        "sentence-transformers", ["sentence-transformers", *common], options.threads
    )
    for name in export.GRAPHS:
        graph = export.graph(name, options.model, options.work)
        yield python(
            f"onnxruntime {name}",
            ["onnxruntime", *common, "--graph", str(graph)],
            options.threads,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    common_options(parser)
    options = parser.parse_args()
    texts = sample(options.data, options.texts)
    seconds: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        children = [
            stack.enter_context(Child(spec, options.timeout)) for spec in specs(options)
        ]
        for child in children:
            child.ask({"do": "load", "texts": texts})
            # The largest batch first, so that none of the others has to ask for memory.
            child.ask({"do": "run", "batch": BATCHES[-1]})
        deadline = time.monotonic() + options.patience
        for _, batch, child in itertools.product(
            range(options.rounds), BATCHES, children
        ):
            request = {"do": "run", "batch": batch}
            answer, _ = child.undisturbed(request, deadline)
            seconds[f"{child.name}, batch {batch}"].append(answer["seconds"])
    for name, times in sorted(
        seconds.items(), key=lambda entry: statistics.median(entry[1])
    ):
        speeds = sorted(len(texts) / one for one in times)
        extremes = f"({speeds[0]:.1f}–{speeds[-1]:.1f})"
        print(f"{name:42}{statistics.median(speeds):7.1f} paragraphs/s {extremes}")


if __name__ == "__main__":
    try:
        main()
    except (Failed, ImportError, OSError, Unavailable) as error:
        sys.exit(str(error))
