"""What the model server is made for, asserted on the configuration of the model's folder."""

import json
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


def check(folder: Path) -> None:
    """Raise UserError when the folder holds another kind of model than the server is set for."""
    config = read_json(folder / "config.json")
    found = {name: config.get(name, "missing") for name in MODEL}
    quantization = config.get("quantization_config")
    if quantization is None and (folder / "quantize_config.json").is_file():
        quantization = {"quant_method": "gptq"} | read_json(folder / "quantize_config.json")
    known = quantization if isinstance(quantization, dict) else {}
    found |= {name: known.get(name, "missing") for name in QUANTIZATION}
    for name, wanted in (MODEL | QUANTIZATION).items():
        if found[name] != wanted or isinstance(found[name], bool) != isinstance(wanted, bool):
            raise UserError(
                f"the model in {folder} does not fit the server:"
                f" {name} is {json.dumps(found[name])}, not {json.dumps(wanted)}",
                "opsctl download model --upgrade",
            )
    if not any(folder.glob("*.safetensors")):
        raise UserError(
            f"the model in {folder} has no safetensors file", "opsctl download model --upgrade"
        )


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
