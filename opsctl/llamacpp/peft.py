"""A LoRA adapter as peft writes it, held against the model file that it is to be applied to."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from opsctl.hub.adapter import scale
from opsctl.hub.checkpoint import read_header, read_json
from opsctl.llamacpp.header import Header
from training.model.adapter_files import CONFIG, WEIGHTS

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, np.dtype[np.float32]]

# Of this architecture it is known that its file has the rows of q and k in another order than
# transformers has: halves of a head interleaved. Others keep theirs, or have names of their own.
ARCHITECTURE = "llama"
MODULES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
HEADS = {"attn_q": "attention.head_count", "attn_k": "attention.head_count_kv"}
NAME = re.compile(
    r"base_model\.model\.model\.layers\.(\d+)\.(\w+\.\w+)\.lora_([AB])(?:\.default)?\.weight"
)
WIDTHS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
# What else peft can add to a LoRA, which llama.cpp would leave out without a word.
PLAIN: dict[str, tuple[object, ...]] = {
    "use_dora": (None, False),
    "bias": (None, "none"),
    "modules_to_save": (None, []),
    "rank_pattern": (None, {}),
    "alpha_pattern": (None, {}),
    "fan_in_fan_out": (None, False),
    "trainable_token_indices": (None, []),
    "target_parameters": (None, []),
}


class Unfit(UserError):
    """An adapter that is whole, and cannot be applied to this model."""


@dataclass(frozen=True)
class Part:
    """One matrix of an adapter: llama.cpp's name of its tensor, `a` or `b`, and the numbers."""

    base: str
    side: str
    numbers: "Matrix"


class PeftAdapter:
    """The files of an adapter. Raises UserError where they are none that llama.cpp can apply."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        config = read_json(folder / CONFIG)
        rank, alpha = scale(folder, config)
        for name, plain in PLAIN.items():
            if config.get(name) not in plain:
                raise self._unfit(f"llama.cpp cannot apply its {name}: {config[name]!r}")
        self.rank = rank
        self.base = str(config.get("base_model_name_or_path") or "")
        # llama.cpp always divides by the rank; peft may by its root.
        self.alpha = float(alpha) * (math.sqrt(rank) if config.get("use_rslora") else 1.0)

    def parts(self, base: Header) -> Iterator[Part]:
        """Its matrices, the rows of B in the order of the model file. Raise UserError where one
        does not fit that model."""
        if base.architecture != ARCHITECTURE:
            raise self._unfit(f"{base.path} is a {base.architecture}, not a {ARCHITECTURE}")
        seen: dict[str, set[str]] = {}
        for name, numbers in self._tensors():
            match = NAME.fullmatch(name)
            module = MODULES.get(match[2]) if match else None
            if not match or module is None:
                raise self._unfit(f"{name} is of no part that llama.cpp knows")
            tensor, side = f"blk.{int(match[1])}.{module}.weight", match[3].lower()
            self._compare(name, numbers.shape, base, tensor, side)
            seen.setdefault(tensor, set()).add(side)
            if side == "b" and module in HEADS:
                heads = base.number(HEADS[module])
                if heads < 1 or len(numbers) % (2 * heads):
                    raise self._unfit(f"{base.path} does not say how many heads {tensor} has")
                numbers = interleaved(numbers, heads)
            yield Part(tensor, side, numbers)
        halves = [tensor for tensor, sides in seen.items() if len(sides) < 2]
        if halves or not seen:
            raise self._damaged(f"A or B of {halves[0]} is missing" if halves else "it is empty")

    def _compare(
        self, name: str, shape: tuple[int, ...], base: Header, tensor: str, side: str
    ) -> None:
        known = base.tensors.get(tensor)
        if known is None:
            raise self._unfit(f"the model {base.path} has no {tensor} for {name}")
        width, height = known.shape
        wanted = (self.rank, width) if side == "a" else (height, self.rank)
        if shape != wanted:
            raise self._unfit(f"{name} is {shape}, and the model {base.path} takes {wanted}")

    def _tensors(self) -> Iterator[tuple[str, "Matrix"]]:
        """The matrices of its file, in the order of their names."""
        path = self.folder / WEIGHTS
        try:
            raw = path.read_bytes()
            header = read_header(path)
            for name, told in sorted(header.tensors.items()):
                yield name, _matrix(raw, header.start, told)
        except FileNotFoundError as error:
            raise self._damaged(f"there is no {WEIGHTS}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged(f"{WEIGHTS} is no safetensors file, or is cut off") from error

    def _damaged(self, reason: str) -> UserError:
        hint = "opsctl download --verify; one of your own: opsctl train run"
        return UserError(f"the adapter in {self.folder} is not whole: {reason}", hint)

    def _unfit(self, reason: str) -> Unfit:
        return Unfit(
            f"the adapter in {self.folder} does not fit: {reason}",
            "opsctl start --server llamacpp --model FILE.gguf takes the model that it is for",
        )


def interleaved(numbers: "Matrix", heads: int) -> "Matrix":
    """The rows of each head with the second half of them between those of the first."""
    rows, rank = numbers.shape
    halves = numbers.reshape(heads, 2, rows // heads // 2, rank)
    return halves.swapaxes(1, 2).reshape(rows, rank)


def _matrix(raw: bytes, base: int, told: dict[str, Any]) -> "Matrix":
    import numpy as np

    start, end = (base + int(place) for place in told["data_offsets"])
    kind = told["dtype"]
    found = np.frombuffer(raw[start:end], WIDTHS[kind])
    if kind == "BF16":
        found = (found.astype("<u4") << 16).view("<f4")
    return found.astype(np.float32).reshape([int(extent) for extent in told["shape"]])
