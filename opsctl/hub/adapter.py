"""The LoRA adapter's file, judged by its header, and the zero adapter made of it.

The model server drops tensors whose names it does not know without a word, so the
names are checked here.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.text import counted
from indexer.sync.documents import digest
from opsctl.hub import checkpoint
from opsctl.hub.folders import make_readable, put_in_place
from training.model.adapter_files import CONFIG, CONFIG_KEYS, TARGET, TENSOR, WEIGHTS

ELEMENT_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}


@dataclass(frozen=True)
class AdapterFacts:
    """A sound adapter: tensors in it, rank, alpha, the file's hash; `zero` when all B are 0."""

    tensors: int
    rank: int
    alpha: float
    sha256: str
    zero: bool


@dataclass(frozen=True)
class _Tensor:
    dtype: str
    shape: tuple[int, ...]
    start: int  # in the file
    end: int


def check(folder: Path, layers: int | None = None, hidden: int | None = None) -> AdapterFacts:
    """Judge an adapter for a model of so many layers and this hidden size (None: unknown).

    Raises UserError with the first thing that the model server would not apply.
    """
    config = checkpoint.read_json(folder / CONFIG)
    rank, alpha = scale(folder, config)
    if (modules := config.get("target_modules")) not in (TARGET, [TARGET]):
        raise _unfit(folder / CONFIG, f"target_modules is {modules!r}, not ['{TARGET}']")
    weights = folder / WEIGHTS
    tensors = _read_header(weights)
    layers = len(tensors) // 2 if layers is None else layers
    _compare_names(weights, tensors, layers)
    if hidden is None:
        hidden = tensors[TENSOR.format(layer=0, part="A")].shape[-1]
    for layer in range(layers):
        for part, shape in (("A", (rank, hidden)), ("B", (hidden, rank))):
            name = TENSOR.format(layer=layer, part=part)
            if tensors[name].shape != shape:
                raise _unfit(weights, f"{name} has shape {tensors[name].shape}, not {shape}")
    zero = all(_is_zero(raw, tensor) for tensor, raw in _read_b(weights, tensors))
    return AdapterFacts(len(tensors), rank, alpha, digest(weights), zero)


def find(folder: Path) -> AdapterFacts | None:
    """The facts of a sound adapter; None where there is none."""
    try:
        return check(folder)
    except UserError:
        return None


def write_zero(source: Path, target: Path) -> bool:
    """Write a copy of the adapter with B = 0, which answers as the base model does.

    The folder appears whole or not at all; False when the very same is there already.
    """
    raw = bytearray((source / WEIGHTS).read_bytes())
    for name, tensor in _read_header(source / WEIGHTS).items():
        if ".lora_B." in name:
            raw[tensor.start : tensor.end] = bytes(tensor.end - tensor.start)
    config = checkpoint.read_json(source / CONFIG)
    kept = {key: config[key] for key in CONFIG_KEYS if key in config} | {"inference_mode": True}
    files = {WEIGHTS: bytes(raw), CONFIG: json.dumps(kept, indent=2).encode()}
    if all(_holds(target / name, content) for name, content in files.items()):
        return False
    new = target.with_name(target.name + ".part")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for name, content in files.items():
        (new / name).write_bytes(content)
    make_readable(new)
    put_in_place(new, target)
    return True


def scale(folder: Path, config: dict[str, Any]) -> tuple[int, float]:
    """The rank and the alpha of an adapter's configuration."""
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not isinstance(rank, int) or rank < 1 or not isinstance(alpha, (int, float)):
        raise _unfit(folder / CONFIG, f"r is {rank!r} and lora_alpha is {alpha!r}")
    return rank, alpha


def _read_header(path: Path) -> dict[str, _Tensor]:
    try:
        header = checkpoint.read_header(path)
    except ValueError as error:
        raise _unfit(path, str(error)) from error
    try:
        return {name: _tensor(value, header.start) for name, value in header.tensors.items()}
    except (ValueError, KeyError, TypeError) as error:
        raise _unfit(path, "it is not a safetensors file") from error


def _tensor(value: dict[str, Any], base: int) -> _Tensor:
    start, end = (base + int(offset) for offset in value["data_offsets"])
    tensor = _Tensor(value["dtype"], tuple(map(int, value["shape"])), start, end)
    elements = 1
    for extent in tensor.shape:
        elements *= extent
    if start < base or elements * ELEMENT_BYTES[tensor.dtype] != end - start:
        raise ValueError("size")
    return tensor


def _compare_names(path: Path, tensors: dict[str, _Tensor], layers: int) -> None:
    wanted = {TENSOR.format(layer=n, part=part) for n in range(layers) for part in "AB"}
    if missing := sorted(wanted - tensors.keys()):
        raise _unfit(
            path, f"it lacks {len(missing)} of {len(wanted)} tensors, such as {missing[0]}"
        )
    if unknown := sorted(tensors.keys() - wanted):
        raise _unfit(
            path, f"the server would drop {counted(len(unknown), 'tensor')}, such as {unknown[0]}"
        )
    if not tensors:
        raise _unfit(path, "it holds no tensors")


def _read_b(path: Path, tensors: dict[str, _Tensor]) -> Iterator[tuple[_Tensor, bytes]]:
    with path.open("rb") as stream:
        for name, tensor in tensors.items():
            if ".lora_B." in name:
                stream.seek(tensor.start)
                yield tensor, stream.read(tensor.end - tensor.start)


def _is_zero(raw: bytes, tensor: _Tensor) -> bool:
    """Whether all numbers are 0 or -0; the sign is the top bit of a number's last byte."""
    width = ELEMENT_BYTES[tensor.dtype]
    places = [raw[place::width] for place in range(width)]
    return not any(place.strip(b"\0") for place in places[:-1]) and not places[-1].strip(b"\0\x80")


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _unfit(path: Path, reason: str) -> UserError:
    return UserError(
        f"the adapter file {path} does not fit: {reason}", "opsctl download adapter --upgrade"
    )
