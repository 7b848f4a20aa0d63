"""What the machine can multiply, and what share of that topoi's f32 engine reaches.

    python sgemm.py --model FOLDER --outcome FILE

`FILE` is what `compare.py --json FILE` has written. Only useful operations count: the products of
the layers and of attention, for the tokens that there are.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from contenders import REPOSITORY
from texts import sample

# Tokens in a batch, and the inputs and outputs of the widest layer of the default model.
SHAPE = (2048, 384, 1536)
REPEATS = 60
CONTENDER = "topoi f32"


def rate(threads: int) -> float:
    """Operations a second of torch's `sgemm`, whose kernels are Intel's: the median of many."""
    import torch

    torch.set_num_threads(threads)
    rows, inputs, outputs = SHAPE
    a, b = torch.randn(rows, inputs), torch.randn(inputs, outputs)
    out = torch.empty(rows, outputs)
    return 2 * rows * inputs * outputs / median_seconds(lambda: torch.mm(a, b, out=out))


def median_seconds(work: Callable[[], object]) -> float:
    work()
    seconds = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def operations(model: Path, texts: list[str]) -> int:
    """The multiplications and additions that all `texts` need."""
    from tokenizers import Tokenizer

    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    layout = json.loads(
        (model / "sentence_bert_config.json").read_text(encoding="utf-8")
    )
    hidden, wide = config["hidden_size"], config["intermediate_size"]
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.enable_truncation(layout["max_seq_length"])
    tokenizer.no_padding()
    lengths = [len(found.ids) for found in tokenizer.encode_batch_fast(texts)]
    layers = sum(2 * n * (4 * hidden**2 + 2 * hidden * wide) for n in lengths)
    attention = sum(4 * n * n * hidden for n in lengths)
    return config["num_hidden_layers"] * (layers + attention)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="the model's folder")
    parser.add_argument("--outcome", type=Path, required=True, help="from compare.py")
    data = os.environ.get("TOPOI_DATA") or REPOSITORY.parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(data), help="the texts")
    options = parser.parse_args()
    outcome = json.loads(options.outcome.read_text(encoding="utf-8"))
    settings = outcome["settings"]
    machine = rate(settings["threads"])
    found = next(one for one in outcome["results"] if one["name"] == CONTENDER)
    texts = sample(options.data, settings["texts"])
    reached = operations(options.model, texts) / statistics.median(found["seconds"])
    shape = " × ".join(map(str, SHAPE))
    print(f"sgemm of {shape}: {machine / 1e9:.0f} GF/s on {settings['threads']} threads")
    print(f"{CONTENDER}: {reached / 1e9:.0f} GF/s, {100 * reached / machine:.0f} %")


if __name__ == "__main__":
    main()
