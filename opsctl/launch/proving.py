"""Proves on the running server that the adapter is applied, in the way of its kind."""

from collections.abc import AsyncIterator
from pathlib import Path

from assistant.server.record import access, read_record
from core.settings import Settings
from opsctl.server.folders import on_this_machine
from opsctl.server.proof import Step, check_files, compare


async def prove(config: Settings, *, whole: bool) -> AsyncIterator[Step]:
    """Yield the steps of the proof; without `whole` those that are cheap on a CPU."""
    record = read_record(config)
    if record and record.wanted == "llamacpp":
        steps = _llamacpp(config, Path(record.model), whole)
    else:
        steps = _tgi(config, whole)
    async for step in steps:
        yield step


async def _llamacpp(config: Settings, model: Path, whole: bool) -> AsyncIterator[Step]:
    from opsctl.llamacpp.asking import LlamaServer
    from opsctl.llamacpp.proof import prove

    adapter = access(config).adapter
    inside = config.server_file.adapters.get(adapter, "")
    folder = on_this_machine(inside, config)
    async with LlamaServer(config.server_url, config.api_key) as server:
        async for step in prove(server, adapter, folder, model, whole=whole):
            yield step


async def _tgi(config: Settings, whole: bool) -> AsyncIterator[Step]:
    from assistant.server.protocols.tgi import TGIClient
    from opsctl.server.proof import prove

    async with TGIClient(config.server_url, config.adapter, config.api_key) as client:
        if not whole:
            yield (await compare(client, config.adapter)).step
            return
        files = check_files(config)
        for step in files:
            yield step
        if not any(step.result == "failed" for step in files):
            async for step in prove(client, config.adapter):
                yield step
