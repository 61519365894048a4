"""The arguments of `vllm serve`, the same for a process and for the image. They hold no key."""

from collections.abc import Mapping
from pathlib import Path

from core.errors import UserError
from core.server_file import ServerConfig

# Each memory of an adapter is made for the greatest rank, which must be one of these.
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
# Seconds that running answers get at a stop.
DRAIN_SECONDS = 30


def serve_arguments(
    server: ServerConfig, model: str, adapters: Mapping[str, str], rank: int, where: tuple[str, int]
) -> list[str]:
    """What follows `vllm serve`: `adapters` are folders by name, `rank` is their greatest."""
    host, port = where
    lora = [f"{name}={folder}" for name, folder in adapters.items()]
    return [
        model, "--served-model-name", name_of(model), "--host", host, "--port", str(port),
        "--max-model-len", str(server.max_total),
        "--max-num-seqs", str(server.max_concurrent),
        "--max-num-batched-tokens", str(server.prefill),
        "--gpu-memory-utilization", f"{server.fraction:g}",
        "--enable-prefix-caching", "--shutdown-timeout", str(DRAIN_SECONDS),
        "--disable-uvicorn-access-log",
        *(["--enable-lora", "--max-loras", str(len(lora)), "--max-lora-rank", str(room_for(rank)),
           "--lora-modules", *lora] if lora else []),
    ]  # fmt: skip


def name_of(model: str) -> str:
    """What requests call the model itself: its folder's name, not where that is."""
    return Path(model).name


def room_for(rank: int) -> int:
    """The least --max-lora-rank for adapters of this rank."""
    for least in RANKS:
        if rank <= least:
            return least
    raise UserError(
        f"an adapter has rank {rank}, and vLLM takes {RANKS[-1]} at most",
        "take a smaller one out of LORA_ADAPTERS in deploy/tgi.local.env",
    )
