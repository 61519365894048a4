"""What Mistral-7B in 4 bits (GPTQ, group 32, act-order) needs on a GPU under TGI, by arithmetic.

The server fills about 90 % of a card whatever its limits are, so nvidia-smi does not tell what is
needed. Sizes are bytes. Estimates hold to about 0.4 GiB; the KV tokens in the server's log are
the truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.server_file import ServerConfig
from opsctl.machine.gpu import Gpu, Verdict

Kernel = Literal["marlin", "triton"]  # for GPTQ: of capability 8.0 to 9.0, and of the T4

GIB, MIB = 1 << 30, 1 << 20
LAYERS, HIDDEN, FFN, VOCAB = 32, 4096, 14336, 32000
KV_HEADS, HEAD_DIM, GROUP = 8, 128, 32
HALF = 2  # bytes of a float16
FILLED = 0.90  # TGI_WIGGLE_ROOM's default: the share of CUDA_MEMORY_FRACTION that TGI fills
WORKSPACE = 128 * MIB  # flashinfer's
ACTIVATIONS = 0.16 * MIB  # per token of MAX_BATCH_PREFILL_TOKENS, an estimate


@dataclass(frozen=True)
class Limits:
    """The token limits of the server (MAX_INPUT_TOKENS and so on) and CUDA_MEMORY_FRACTION."""

    max_input: int = 3072
    max_total: int = 4096
    prefill: int = 2048
    fraction: float = 1.0


@dataclass(frozen=True)
class Prediction:
    """What a card can hold: KV tokens, and whole requests of MAX_TOTAL_TOKENS."""

    kv_tokens: int
    parallel: int
    fits: bool


def limits_of(server: ServerConfig) -> Limits:
    """The limits of deploy/tgi.env."""
    return Limits(server.max_input, server.max_total, server.prefill, server.fraction)


def explain(gpu: Gpu) -> Verdict:
    """Say what TGI 3.3.7 does with this model on the card, by its compute capability."""
    if gpu.capability is None:
        return Verdict("warning", "its compute capability is unknown; 8.0 to 9.0 is needed")
    told = f"compute capability {gpu.capability[0]}.{gpu.capability[1]}"
    if gpu.capability < (7, 5):
        return Verdict("failed", f"{told} is too old: the attention kernels begin at 7.5")
    if gpu.capability < (8, 0):
        return Verdict(
            "warning",
            f"{told} starts with Triton kernels: slow, minutes to the first start, and"
            " adapters were not tried on it",
        )
    if gpu.capability <= (9, 0):
        return Verdict("ok", f"{told} takes the fast GPTQ-Marlin kernels")
    return Verdict("failed", f"{told} is too new: the pinned image has no kernel for it")


def kernel_for(capability: tuple[int, int] | None) -> Kernel:
    """The GPTQ kernels for a compute capability: Marlin from 8.0 on, Triton below."""
    return "triton" if capability and capability < (8, 0) else "marlin"


def quantised_parameters() -> int:
    """Weights that are stored in 4 bits: layers x (q, o: 2 h² + k, v: 2 h kv + mlp: 3 h ffn)."""
    kv = KV_HEADS * HEAD_DIM
    return LAYERS * (2 * HIDDEN**2 + 2 * HIDDEN * kv + 3 * HIDDEN * FFN)


def weights(kernel: Kernel) -> int:
    """Bytes of the weights: 4.565 GB for Triton, as the file; 4.456 GB for Marlin.

    Half a byte per parameter, a float16 scale and a 4-bit zero point per group of 32 (Marlin
    drops the zero points, the model is symmetric), an int32 g_idx per input feature, embedding,
    lm_head and norms in float16.
    """
    groups = quantised_parameters() // GROUP
    inputs = LAYERS * (6 * HIDDEN + FFN)  # q, k, v, o, gate and up take h, down takes ffn
    plain = 2 * VOCAB * HIDDEN + (2 * LAYERS + 1) * HIDDEN
    zero_points = groups // 2 if kernel == "triton" else 0
    return quantised_parameters() // 2 + groups * HALF + zero_points + inputs * 4 + plain * HALF


def kv_bytes() -> int:
    """Bytes of KV cache per token: keys and values x layers x KV heads x head size x float16."""
    return 2 * LAYERS * KV_HEADS * HEAD_DIM * HALF


def context(kernel: Kernel) -> int:
    """Bytes of the CUDA context and the libraries: 462 MiB, and 370 MiB with Triton (the T4).

    Both lie in the known range (0.35 to 0.6 GiB), and neither was measured. With them the figures
    come out as the published estimates for cards of 8 to 24 GB, from 16,200 to 132,700 KV tokens.
    """
    return (370 if kernel == "triton" else 462) * MIB


def parts(limits: Limits, kernel: Kernel) -> Mapping[str, int]:
    """Bytes that are taken before the KV cache is; an adapter's 4 MB are below the rounding."""
    return {
        "weights": weights(kernel),
        "CUDA context and libraries": context(kernel),
        "attention workspace": WORKSPACE,
        f"prefill of {limits.prefill} tokens": int(ACTIVATIONS * limits.prefill),
    }


def kv_tokens(usable: int, limits: Limits, kernel: Kernel, taken: int = 0) -> int:
    """Tokens of KV cache: (0.90 x fraction x usable - parts) / bytes per token, at least 0.

    TGI 3.3.7, flash_causal_lm.py, warmup: free memory after a worst-case prefill, less
    (1 - 0.90 x fraction) of the card. `taken` are bytes that other programs hold.
    """
    left = FILLED * limits.fraction * usable - sum(parts(limits, kernel).values()) - taken
    return max(0, int(left / kv_bytes()))


def least_kv_tokens(limits: Limits) -> int:
    """Tokens of KV cache without which the start fails: the batch of the warm-up.

    As many requests of MAX_TOTAL_TOKENS as inputs of MAX_INPUT_TOKENS fill the prefill.
    """
    return -(-limits.prefill // limits.max_input) * limits.max_total


def needed(usable: int, limits: Limits, kernel: Kernel) -> int:
    """Bytes that must be free for a start: the share left unfilled, the parts, the least KV.

    With fraction 1 that is 0.1 x card + weights + context + workspace + prefill + KV.
    """
    unfilled = (1 - FILLED * limits.fraction) * usable
    return (
        int(unfilled) + sum(parts(limits, kernel).values()) + least_kv_tokens(limits) * kv_bytes()
    )


def least_memory(limits: Limits, kernel: Kernel) -> int:
    """The least card, in bytes, that holds one request of MAX_TOTAL_TOKENS."""
    held = sum(parts(limits, kernel).values()) + limits.max_total * kv_bytes()
    return int(held / FILLED / limits.fraction)


def rows(usable: int, limits: Limits, kernel: Kernel) -> Mapping[str, int]:
    """What the needed memory is made of."""
    least = least_kv_tokens(limits)
    found = {**parts(limits, kernel), f"KV cache of {least} tokens": least * kv_bytes()}
    rest = needed(usable, limits, kernel) - sum(found.values())
    return {**found, "what TGI leaves free": rest}


def predict(usable: int, limits: Limits, kernel: Kernel, taken: int = 0) -> Prediction:
    """Say what fits on a card of `usable` bytes of which other programs hold `taken`."""
    tokens = kv_tokens(usable, limits, kernel, taken)
    fits = tokens >= least_kv_tokens(limits)
    parallel = tokens // limits.max_total if fits else 0
    return Prediction(tokens, parallel, fits)
