"""Proves on the running server that the adapter is applied, in the way of its kind."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.server.record import access, read_record
from core.errors import UserError
from core.settings import Settings
from opsctl.server import last_run
from opsctl.server.adapters import places
from opsctl.server.last_run import Proof
from opsctl.server.proof import Step, check_files, compare
from opsctl.server.proof import prove as prove_served

if TYPE_CHECKING:
    from assistant.server.protocols.completions import CompletionClient
    from assistant.server.protocols.tgi import TGIClient

RENEW_SECONDS = 20


def adapter_of(config: Settings) -> str:
    """The adapter that requests name, "" for none; of a server that others start, its model."""
    how = access(config)
    return how.adapter or (how.model if config.server_api == "openai" else "")


def look_at_files(config: Settings) -> list[Step]:
    """The steps that need no server: llama.cpp's own file is held against ours with the others."""
    if config.server_api == "openai" or _gguf(config):
        return []
    return check_files(config)


def prove(config: Settings, *, whole: bool) -> AsyncIterator[Step]:
    """Yield the steps that need the server; without `whole` only the cheapest of them."""
    model = _gguf(config)
    return _llamacpp(config, model, whole) if model else _by_tokens(config, whole)


def remember(config: Settings, steps: Sequence[Step], server: str) -> Proof:
    """What the steps showed of this run of a server, written down."""
    applied = not any(step.result == "failed" for step in steps)
    proof = Proof(adapter_of(config), applied, server)
    last_run.write(proof, config)
    return proof


def renew(config: Settings, server: str) -> Proof | None:
    """Prove anew what held before Docker started the container again: its settings and files are
    the same, so the cheap part is enough. None where nobody answers."""
    try:
        steps = asyncio.run(all_steps(config, whole=False, seconds=RENEW_SECONDS))
    except (UserError, TimeoutError):
        return None
    return remember(config, steps, server)


async def all_steps(config: Settings, *, whole: bool, seconds: float | None = None) -> list[Step]:
    """The steps of `prove`; raises TimeoutError where they take longer."""
    async with asyncio.timeout(seconds):
        return [step async for step in prove(config, whole=whole)]


def _gguf(config: Settings) -> Path | None:
    """The file that llama.cpp was started with here; None for another server."""
    record = read_record(config)
    ours = record and record.wanted == "llamacpp" and config.server_api != "openai"
    return Path(record.model) if record and ours else None


async def _llamacpp(config: Settings, model: Path, whole: bool) -> AsyncIterator[Step]:
    from opsctl.llamacpp.asking import LlamaServer
    from opsctl.llamacpp.proof import prove

    adapter = access(config).adapter
    folder = places(config).get(adapter)
    async with aclosing(LlamaServer(config.server_url, config.api_key)) as server:
        async for step in prove(server, adapter, folder, model, whole=whole):
            yield step


async def _by_tokens(config: Settings, whole: bool) -> AsyncIterator[Step]:
    adapter = adapter_of(config)
    async with _connected(config) as server:
        if not whole:
            yield (await compare(server, adapter)).step
            return
        async for step in prove_served(server, adapter):
            yield step


def _connected(config: Settings) -> "TGIClient | CompletionClient":
    how = access(config)
    if how.api == "openai":
        from assistant.server.protocols.completions import CompletionClient

        return CompletionClient(config.server_url, how.model, config.api_key)
    from assistant.server.protocols.tgi import TGIClient

    return TGIClient(config.server_url, how.adapter, config.api_key)
