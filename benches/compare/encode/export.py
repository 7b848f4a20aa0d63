"""The ONNX files of a sentence-transformers model folder: exported, fused and quantised, and kept.

Run alone it makes them and says where they are:

    python export.py --model FOLDER --work FOLDER
"""

import argparse
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

OPSET = 17
# What a file's name stands for; `tune.py` measures all of them.
GRAPHS = (
    "plain",
    "fused",
    "plain-int8",
    "fused-int8",
    "plain-int8-reduced",
    "fused-int8-reduced",
)


def graph(name: str, model: Path, work: Path) -> Path:
    """The ONNX file called `name` of the model in the folder `model`: in `work`, made if it isn't.

    `plain` is what torch exports, `fused` is that file with attention, GELU and layer
    normalisation as one operator each. `-int8` has weights of 8 bits, one scale a column, and
    quantises activations as it goes; `-reduced` uses 7 of the 8 bits, as processors without VNNI
    instructions need.
    """
    if name not in GRAPHS:
        raise ValueError(
            f"there is no graph `{name}`: choose one of {', '.join(GRAPHS)}"
        )
    base, _, rest = name.partition("-")
    path = work / f"{digest(model)}-{name}.onnx"
    if path.exists():
        return path
    work.mkdir(parents=True, exist_ok=True)
    if rest:
        source = graph(base, model, work)
        make(path, lambda target: quantise(source, target, rest.endswith("reduced")))
    elif base == "fused":
        source = graph("plain", model, work)
        make(path, lambda target: fuse(source, target, model))
    else:
        make(path, lambda target: export(model, target))
    return path


def digest(model: Path) -> str:
    """What tells models apart: the beginning of the SHA-256 of the weights."""
    with open(model / "model.safetensors", "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def make(path: Path, write: Callable[[Path], None]) -> None:
    """Has `write` write beside `path` and renames that, so that no half of a file is ever kept."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        target = Path(folder) / path.name
        write(target)
        os.replace(target, path)


def export(model: Path, target: Path) -> None:
    """Writes the transformer alone: token numbers and mask in, the vectors of all tokens out."""
    import torch
    from transformers import AutoModel

    class Transformer(torch.nn.Module):
        """The model with only what is needed going in and out."""

        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.inner(input_ids=input_ids, attention_mask=attention_mask)[0]

    inner = AutoModel.from_pretrained(
        model, attn_implementation="eager", dtype=torch.float32
    )
    ids = torch.tensor([[101, 2040, 12778, 102], [101, 3407, 102, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    axes = {0: "texts", 1: "tokens"}
    with torch.inference_mode():
        torch.onnx.export(
            Transformer(inner.eval()),
            (ids, mask),
            target,
            input_names=["input_ids", "attention_mask"],
            output_names=["tokens"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "tokens": axes},
            opset_version=OPSET,
            dynamo=False,
        )


def fuse(source: Path, target: Path, model: Path) -> None:
    """Writes `source` with onnxruntime's fused operators for BERT."""
    from onnxruntime.transformers import optimizer

    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    optimised = optimizer.optimize_model(
        str(source),
        model_type="bert",
        num_heads=config["num_attention_heads"],
        hidden_size=config["hidden_size"],
        opt_level=0,
    )
    optimised.save_model_to_file(str(target))


def quantise(source: Path, target: Path, reduce_range: bool) -> None:
    """Writes `source` with weights of 8 bits, one scale a column."""
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        str(source),
        str(target),
        per_channel=True,
        reduce_range=reduce_range,
        weight_type=QuantType.QInt8,
        # The optimiser's operators don't say what they give; here all give f32.
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="the model's folder")
    parser.add_argument(
        "--work", type=Path, required=True, help="where the ONNX files are kept"
    )
    options = parser.parse_args()
    for name in GRAPHS:
        path = graph(name, options.model, options.work)
        print(f"{name}: {path} ({path.stat().st_size / 2**20:.1f} MiB)")


if __name__ == "__main__":
    main()
