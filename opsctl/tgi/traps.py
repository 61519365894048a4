"""The variables of deploy/tgi.env that bite by themselves, whatever stands in the other lines."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Result = Literal["failed", "warning"]


@dataclass(frozen=True)
class Trap:
    """A variable that bites by itself: by its value, None where it is not set."""

    result: Result
    name: str
    bites: Callable[[str | None], bool]
    message: str  # {value} is the value
    fix: str


def _is_set(value: str | None) -> bool:
    return value is not None


def _is_missing(value: str | None) -> bool:
    return value is None


def _is_not(*good: str | None) -> Callable[[str | None], bool]:
    return lambda value: value not in good


def _shows_questions(value: str | None) -> bool:
    return any(word in (value or "").lower() for word in ("debug", "trace"))


_CACHE = "makes TGI's programs look for files in different places"
TRAPS = (
    Trap(
        "failed", "REVISION", _is_set, "REVISION makes TGI ask the Hub although the model is a"
        " folder", "remove REVISION: the manifest keeps the commit",
    ),
    Trap(
        "warning", "HF_HUB_OFFLINE", _is_missing, "HF_HUB_OFFLINE is not set, so that every start"
        " asks the Hub", "HF_HUB_OFFLINE=1",
    ),
    Trap(
        "failed", "HF_HUB_OFFLINE", _is_not(None, "1"), "HF_HUB_OFFLINE is {value}, and TGI's"
        " router takes 1 only", "HF_HUB_OFFLINE=1",
    ),
    Trap(
        "failed", "HF_HUB_CACHE", _is_set, f"HF_HUB_CACHE {_CACHE}", "remove HF_HUB_CACHE",
    ),
    Trap(
        "failed", "HUGGINGFACE_HUB_CACHE", _is_set, f"HUGGINGFACE_HUB_CACHE {_CACHE}",
        "remove HUGGINGFACE_HUB_CACHE",
    ),
    Trap(
        "failed", "MAX_INPUT_TOKENS", _is_missing, "MAX_INPUT_TOKENS is not set, so that it changes"
        " with the free memory", "set MAX_INPUT_TOKENS",
    ),
    Trap(
        "failed", "MAX_TOTAL_TOKENS", _is_missing, "MAX_TOTAL_TOKENS is not set, so that it changes"
        " with the free memory", "set MAX_TOTAL_TOKENS",
    ),
    Trap(
        "warning", "MAX_BATCH_PREFILL_TOKENS", _is_missing, "MAX_BATCH_PREFILL_TOKENS is not set,"
        " so that it changes with the card", "MAX_BATCH_PREFILL_TOKENS=2048",
    ),
    Trap(
        "warning", "NUM_SHARD", _is_not("1"), "NUM_SHARD is not 1: TGI would spread the model over"
        " all GPUs", "NUM_SHARD=1",
    ),
    Trap(
        "failed", "PORT", _is_not(None, "80"), "PORT is not 80, the one that is published from the"
        " container", "remove PORT; OPSCTL_SERVER_URL has the outer one",
    ),
    Trap(
        "failed", "HOSTNAME", _is_set, "HOSTNAME is the address that TGI listens on inside the"
        " container", "remove HOSTNAME: Docker gives the right one",
    ),
    Trap(
        "failed", "CUDA_VISIBLE_DEVICES", _is_set, "CUDA_VISIBLE_DEVICES counts the one GPU that"
        " the container is given", "remove it; OPSCTL_GPU chooses the GPU",
    ),
    Trap(
        "warning", "LOG_LEVEL", _shows_questions, "LOG_LEVEL={value} writes what people ask into"
        " the log", "LOG_LEVEL=info",
    ),
    Trap(
        "warning", "ENABLE_PREFILL_LOGPROBS", lambda value: value == "true",
        "ENABLE_PREFILL_LOGPROBS is for verifying and takes memory",
        "ENABLE_PREFILL_LOGPROBS=false",
    ),
)  # fmt: skip
# Where there are adapters.
TRAPS_OF_ADAPTERS = (
    Trap(
        "failed", "CUDA_GRAPHS", _is_not("0"), "with CUDA graphs the adapter is dropped after the"
        " first token, without an error", "CUDA_GRAPHS=0",
    ),
    Trap(
        "failed", "PREFIX_CACHING", lambda value: (value or "").lower() not in ("0", "false"),
        "the prefix cache mixes up adapters, without an error", "PREFIX_CACHING=0",
    ),
    Trap(
        "failed", "SPECULATE", _is_not(None, "0"), "SPECULATE does not work with adapters",
        "remove SPECULATE",
    ),
)  # fmt: skip
