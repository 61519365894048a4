"""What the same model needs on a GPU under vLLM 0.29, by arithmetic; sizes are bytes.

vLLM takes --gpu-memory-utilization of a card, whatever else is on it, and fails where less is free:
what is left of that share when weights, adapters, a prefill and CUDA graphs are in becomes the KV
cache. Nothing of it was measured on a card: the KV cache size in the server's log is the truth.
"""

from collections.abc import Mapping

from opsctl.machine.gpu import Gpu, Verdict
from opsctl.machine.vram import (
    ACTIVATIONS,
    FFN,
    HALF,
    HEAD_DIM,
    HIDDEN,
    KV_HEADS,
    LAYERS,
    MIB,
    Kernel,
    Limits,
    Prediction,
    context,
    kv_bytes,
    weights,
)

GRAPHS = 512 * MIB  # an estimate


def adapters(count: int, rank: int) -> int:
    """Bytes of the places for adapters: each layer that could have one gets A and B in float16."""
    kv = KV_HEADS * HEAD_DIM
    attention = 2 * (HIDDEN + HIDDEN) + 2 * (HIDDEN + kv)
    return count * LAYERS * rank * (attention + 3 * (HIDDEN + FFN)) * HALF


def parts(limits: Limits, kernel: Kernel) -> Mapping[str, int]:
    """Bytes that are taken before the KV cache is; the CUDA context lies outside of the share."""
    return {
        "weights": weights(kernel),
        "places of 2 adapters of rank 8": adapters(2, 8),
        f"prefill of {limits.prefill} tokens": int(ACTIVATIONS * limits.prefill),
        "CUDA graphs": GRAPHS,
    }


def kv_tokens(usable: int, limits: Limits, kernel: Kernel) -> int:
    """Tokens of KV cache: the share of the card without the parts, by the bytes of a token."""
    left = limits.fraction * usable - sum(parts(limits, kernel).values())
    return max(0, int(left / kv_bytes()))


def needed(usable: int, limits: Limits, kernel: Kernel) -> int:
    """Bytes that must be free for a start: the whole share, and the CUDA context."""
    return sum(rows(usable, limits, kernel).values())


def rows(usable: int, limits: Limits, kernel: Kernel) -> Mapping[str, int]:
    found = parts(limits, kernel)
    tokens = kv_tokens(usable, limits, kernel)
    rest = max(0, int(limits.fraction * usable) - sum(found.values()))
    return {
        **found,
        f"KV cache of {tokens} tokens": rest,
        "CUDA context and libraries": context(kernel),
    }


def explain(gpu: Gpu) -> Verdict:
    """Say what vLLM 0.29 does with this model on the card, by its compute capability."""
    if gpu.capability is None:
        return Verdict("warning", "its compute capability is unknown; 7.5 or more is needed")
    told = f"compute capability {gpu.capability[0]}.{gpu.capability[1]}"
    if gpu.capability < (7, 5):
        return Verdict("failed", f"{told} is too old: the GPTQ-Marlin kernels begin at 7.5")
    return Verdict("ok", f"{told} takes the GPTQ-Marlin kernels of vLLM 0.29")


def least_memory(limits: Limits, kernel: Kernel) -> int:
    """The least card, in bytes, that holds one request of MAX_TOTAL_TOKENS."""
    held = sum(parts(limits, kernel).values()) + limits.max_total * kv_bytes()
    share = held / limits.fraction
    rest = (1 - limits.fraction) * share
    return int(share + max(0, context(kernel) - rest))


def predict(usable: int, limits: Limits, kernel: Kernel, taken: int = 0) -> Prediction:
    """Say what fits on a card of `usable` bytes of which other programs hold `taken`."""
    tokens = kv_tokens(usable, limits, kernel)
    fits = usable - taken >= needed(usable, limits, kernel) and tokens >= limits.max_total
    return Prediction(tokens, tokens // limits.max_total if fits else 0, fits)
