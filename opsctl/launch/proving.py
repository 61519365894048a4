"""Proves on the running server, whatever it is, that the adapter is applied."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from assistant.server.record import access
from core.settings import Settings
from opsctl.server.proof import Step, compare
from opsctl.server.proof import prove as prove_served

if TYPE_CHECKING:
    from assistant.server.protocols.completions import CompletionClient
    from assistant.server.protocols.tgi import TGIClient


def adapter_of(config: Settings) -> str:
    """The adapter that requests name, "" for none; of a server that others start, its model."""
    how = access(config)
    return how.adapter or how.model


async def prove(config: Settings, *, whole: bool) -> AsyncIterator[Step]:
    """Yield the steps that need the server; without `whole` only the cheapest of them."""
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
