"""GPTQ weights for torch's own product with 4-bit weights on a CPU.

The kernel wants the inputs of a group side by side: they are sorted once, and those of each `x`
with them. It works in bfloat16, the only type that it has vector instructions for.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

GROUPS = (256, 128, 64, 32)  # the sizes that the kernel takes
OUTPUTS = 16  # it takes these many at a time
Packed = Mapping[str, Tensor]  # what `multiply` takes beside `x`
_aten = torch.ops.aten


def instructions() -> str:
    """The instructions of this CPU that the kernel has a layout of weights for; empty: none."""
    found = torch.backends.cpu.get_cpu_capability()
    there = hasattr(_aten, "_weight_int4pack_mm_for_cpu")
    return found.lower() if there and found in ("AVX2", "AVX512") else ""


def pack(qweight: Tensor, qzeros: Tensor, scales: Tensor, g_idx: Tensor) -> Packed:
    """The weights for `multiply`; empty where the kernel takes none of this shape."""
    size = len(g_idx) // len(scales)
    taken = next((group for group in GROUPS if size % group == 0), 0)
    members = torch.bincount(g_idx, minlength=len(scales))
    if not taken or qweight.shape[1] % OUTPUTS or not bool((members == size).all()):
        return {}
    order = g_idx.argsort(stable=True)
    weights = _nibbles(qweight.t()).index_select(1, order)
    middles = (7 - _nibbles(qzeros).float()) * scales.float()  # 8, and zeros are stored minus one
    groups = torch.stack([scales.float(), middles], -1).repeat_interleave(size // taken, 0)
    return {
        "packed": _aten._convert_weight_to_int4pack_for_cpu(weights.int(), 2),
        "groups": groups.bfloat16(),
        "order": order,
    }


def _nibbles(words: Tensor) -> Tensor:
    """The numbers of 4 bits in each row, the lowest of a word first: bytes are quicker to cut."""
    pairs = words.contiguous().view(torch.uint8)
    return torch.stack([pairs & 15, pairs >> 4], -1).flatten(1)


def multiply(x: Tensor, packed: Tensor, groups: Tensor, order: Tensor) -> Tensor:
    """The product of `x` with packed weights, in the type of `x`."""
    rows = x.flatten(0, -2).index_select(1, order).bfloat16()
    product: Tensor = _aten._weight_int4pack_mm_for_cpu(
        rows, packed, len(order) // len(groups), groups
    )
    return product.to(x.dtype).view(*x.shape[:-1], -1)
