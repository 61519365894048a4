"""opsctl bench-server: measure how fast the running model server answers."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from core import settings
from core.settings import Settings
from opsctl.terminal import output
from opsctl.terminal.options import Json

if TYPE_CHECKING:
    from opsctl.server.speed import Round


def bench_server(
    tokens: Annotated[
        int, typer.Option("--tokens", min=8, max=1024, help="The length of each answer.")
    ] = 64,
    json: Json = False,
) -> None:
    """Measure the time to the first token and tokens per second at 1, 4 and 16 questions at once.

    The answers are made for the measuring; other people's questions make them slower.
    """
    from assistant.server.errors import Refused
    from assistant.server.state import look
    from opsctl.launch.choose import no_server
    from opsctl.server.speed import AT_ONCE, advice

    config = settings.load()
    server = look(config)
    if isinstance(server.error, Refused):
        raise no_server(config, "there is nothing to measure") from server.error
    if server.error and not server.lives:
        raise server.error
    found: list[Round] = []
    output.note("seconds on a GPU, minutes on a processor; Ctrl-C shows what is measured by then")
    try:
        asyncio.run(_measure(config, tokens, found))
    except KeyboardInterrupt:
        if found:
            _show(found)
        raise
    slots = server.limits.max_concurrent if server.limits else None
    told = advice(found, config, slots)
    if json:
        output.write_json({"rounds": [asdict(one) for one in found], "advice": told})
        return
    _show(found)
    if found[-1].questions != AT_ONCE[-1]:
        output.note(f"{AT_ONCE[len(found)]} at once would take too long here")
    for line in told:
        output.write(line)


def _show(found: "list[Round]") -> None:
    head = ("at once", "answered", "prompt", "prompt/s", "first token", "worst", "each/s", "all/s")
    output.write_table([head, *map(_row, found)])


def _row(one: "Round") -> tuple[str, ...]:
    return (
        str(one.questions), str(one.answered), f"{one.prompt_tokens} tokens",
        f"{one.prompt_tokens / one.first:.1f}", f"{one.first:.2f} s", f"{one.worst_first:.2f} s",
        f"{one.each:.1f}", f"{one.together:.1f}",
    )  # fmt: skip


async def _measure(config: Settings, tokens: int, found: "list[Round]") -> None:
    from opsctl.server.speed import AT_ONCE, rounds

    with output.progress_bar("measuring") as advance:
        async for one in rounds(config, tokens):
            found.append(one)
            advance(len(found), len(AT_ONCE), f"{one.questions} at once")
