"""What the model server is made for, asserted on the model's folder: its configuration, and that
its weights are whole.

A safetensors file is: eight bytes with the length of the header (little endian), the header in
JSON, the tensors' bytes.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError

# The server's fast kernels and the adapter's training ask for these, see docs/tgi.md.
MODEL = {"model_type": "mistral", "sliding_window": None}
QUANTIZATION = {
    "quant_method": "gptq",
    "bits": 4,
    "group_size": 32,
    "desc_act": True,
    "sym": True,
}
HEADER_LIMIT = 100 << 20  # bytes; the limit of the safetensors library
TOKENIZERS = ("tokenizer.json", "tokenizer.model")
MEND = "opsctl download --verify shows what is damaged, opsctl download fetches it"


@dataclass(frozen=True)
class Header:
    """The header of a safetensors file by tensor, and where in the file their bytes begin."""

    tensors: dict[str, Any]
    start: int


def check(folder: Path) -> None:
    """Raise UserError when the folder holds another kind of model than the server is set for, or
    weights that are cut short."""
    config = read_json(folder / "config.json")
    found = {name: config.get(name, "missing") for name in MODEL}
    known = quantization(folder)
    found |= {name: known.get(name, "missing") for name in QUANTIZATION}
    for name, wanted in (MODEL | QUANTIZATION).items():
        if found[name] != wanted or isinstance(found[name], bool) != isinstance(wanted, bool):
            raise UserError(
                f"the model in {folder} does not fit the server:"
                f" {name} is {json.dumps(found[name])}, not {json.dumps(wanted)}",
                "opsctl download model --upgrade",
            )
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise UserError(
            f"the model in {folder} has no safetensors file", "opsctl download model --upgrade"
        )
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise UserError(f"the model in {folder} has no tokenizer", MEND)
    for path in weights:
        try:
            read_header(path)
        except ValueError as error:
            raise UserError(f"the model's file {path} is damaged: {error}", MEND) from error


def quantization(folder: Path) -> dict[str, Any]:
    """How a model is quantised, by its config.json or the older quantize_config.json; {} if not."""
    found = read_json(folder / "config.json").get("quantization_config")
    if found is None and (folder / "quantize_config.json").is_file():
        found = {"quant_method": "gptq"} | read_json(folder / "quantize_config.json")
    return found if isinstance(found, dict) else {}


def read_header(path: Path) -> Header:
    """Read the header of a safetensors file; raise ValueError where it does not fit the file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if size < 8 or length > min(size - 8, HEADER_LIMIT):
                raise ValueError
            tensors = json.loads(stream.read(length))
        tensors.pop("__metadata__", None)
        ends = [int(tensor["data_offsets"][1]) for tensor in tensors.values()]
    except FileNotFoundError as error:
        raise ValueError("there is no such file") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError("it is not a safetensors file") from error
    if tensors and 8 + length + max(ends) != size:
        raise ValueError("it is cut short, or has bytes that belong to no tensor")
    return Header(tensors, 8 + length)


def shape(folder: Path) -> tuple[int, int]:
    """The model's number of layers and its hidden size."""
    config = read_json(folder / "config.json")
    layers, hidden = config.get("num_hidden_layers"), config.get("hidden_size")
    if not isinstance(layers, int) or not isinstance(hidden, int):
        raise UserError(
            f"{folder / 'config.json'} does not say num_hidden_layers and hidden_size",
            "opsctl download model --upgrade",
        )
    return layers, hidden


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; raise UserError when the file is absent or something else."""
    hint = "opsctl download --verify shows which files are complete"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"there is no {path}", hint) from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON", hint) from error
    if not isinstance(value, dict):
        raise UserError(f"{path} is not a JSON object", hint)
    return value
