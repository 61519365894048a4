"""A model or adapter folder, checked without torch, so that a wrong one is named at once.

Safetensors: 8 bytes of header length, a JSON header, the data (github.com/huggingface/safetensors).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localtgi.model.errors import StartError

# The ends of the class names that transformers gives to models that continue a text.
CAUSAL = ("ForCausalLM", "LMHeadModel")
BITS = 4  # of a quantised weight, the only number that localtgi.model.gptq reads
OLDER_GPTQ = "quantize_config.json"  # where AutoGPTQ wrote what config.json says since
HEADER_LIMIT = 100_000_000  # bytes, the format's own limit


@dataclass(frozen=True)
class Stored:
    """A tensor in a file: its type as safetensors names it, and its elements."""

    dtype: str
    elements: int
    bytes: int


@dataclass(frozen=True)
class Checkpoint:
    """A folder with a causal language model."""

    folder: Path
    config: Mapping[str, Any]
    files: tuple[Path, ...]
    tensors: Mapping[str, Stored]

    @property
    def quantization(self) -> Mapping[str, Any]:
        """The part of the config that says how the weights are quantised; empty: not at all."""
        return self.config.get("quantization_config") or {}

    @property
    def dtype(self) -> str:
        """The type that the weights were saved in, such as float16; empty: not said."""
        return str(self.config.get("dtype") or self.config.get("torch_dtype") or "")

    @property
    def context(self) -> int | None:
        """Tokens of prompt and answer that the model has positions for; None: not said."""
        return self.config.get("max_position_embeddings") or self.config.get("n_positions")

    def bytes_needed(self, float_bytes: int) -> int:
        """Memory for the weights, in bytes, with `float_bytes` for each number but integers."""
        stored = self.tensors.values()
        return sum(t.elements * float_bytes if "F" in t.dtype else t.bytes for t in stored)


def open_model(folder: Path) -> Checkpoint:
    """Check a model's folder. Raise StartError with what is missing or damaged."""
    config = _read_json(folder, "config.json", "model")
    architectures = config.get("architectures") or []
    if not any(str(name).endswith(CAUSAL) for name in architectures):
        named = ", ".join(map(str, architectures)) or "no architecture"
        raise StartError(f"{folder} is not a causal language model: its config.json names {named}")
    if not (folder / "tokenizer.json").is_file():
        raise StartError(f"{folder} has no tokenizer.json")
    if not config.get("quantization_config") and (folder / OLDER_GPTQ).is_file():
        older = _read_json(folder, OLDER_GPTQ, "model")
        config["quantization_config"] = {"quant_method": "gptq", **older}
    if config.get("quantization_config"):
        _check_format(config["quantization_config"])
    files = _weight_files(folder)
    tensors = {name: stored for file in files for name, stored in read_header(file).items()}
    return Checkpoint(folder, config, files, tensors)


def check_adapter(name: str, folder: Path) -> None:
    """Check an adapter's folder. Raise StartError with what is missing or damaged."""
    config = _read_json(folder, "adapter_config.json", f"adapter {name}")
    if config.get("peft_type") != "LORA":
        raise StartError(f"adapter {name} in {folder} is not a LoRA adapter")
    weights = folder / "adapter_model.safetensors"
    if not weights.is_file():
        raise StartError(f"adapter {name}: {folder} has no adapter_model.safetensors")
    read_header(weights)


def read_header(file: Path) -> dict[str, Stored]:
    """The tensors of a safetensors file. Raise StartError if it is damaged or cut."""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > min(HEADER_LIMIT, size):
                raise ValueError("its header is longer than the file")
            header = json.loads(stream.read(length))
        header.pop("__metadata__", None)
        end = 8 + length + max((entry["data_offsets"][1] for entry in header.values()), default=0)
        if end != size:
            raise ValueError(f"{size:,} bytes and its header says {end:,}")
        return {name: _stored(entry) for name, entry in header.items()}
    except OSError as error:
        raise StartError(f"{file} cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise StartError(f"{file} is damaged or cut short ({error})") from error


def _check_format(quantization: Mapping[str, Any]) -> None:
    """Raise StartError unless the checkpoint is GPTQ v1 of 4 bits."""
    method = quantization.get("quant_method")
    if method != "gptq":
        raise StartError(f"weights quantised by {method} cannot be read, only gptq")
    if quantization.get("bits") != BITS:
        raise StartError(f"GPTQ of {quantization.get('bits')} bits cannot be read, only 4")
    form = quantization.get("checkpoint_format", "gptq")
    if form != "gptq":
        raise StartError(f"the GPTQ checkpoint format {form} cannot be read, only gptq (v1)")


def _stored(entry: Mapping[str, Any]) -> Stored:
    start, end = entry["data_offsets"]
    return Stored(entry["dtype"], math.prod(entry["shape"]), end - start)


def _weight_files(folder: Path) -> tuple[Path, ...]:
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        shards = _read_json(folder, index.name, "model").get("weight_map", {}).values()
        files = tuple(folder / name for name in sorted(set(shards)))
    else:
        files = tuple(sorted(folder.glob("*.safetensors")))
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise StartError(f"{folder} has no {missing[0]}, which its index names")
    if not files:
        raise StartError(f"{folder} has no weights in the safetensors format")
    return files


def _read_json(folder: Path, name: str, what: str) -> dict[str, Any]:
    if not folder.is_dir():
        raise StartError(f"{what}: there is no folder {folder}")
    try:
        data = json.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StartError(f"{what}: {folder} has no {name}") from None
    except (OSError, ValueError) as error:
        raise StartError(f"{folder / name} cannot be read ({error})") from error
    if not isinstance(data, dict):
        raise StartError(f"{folder / name} is not a JSON object")
    return data
