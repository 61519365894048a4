"""opsctl logs: what the model server or the bot wrote, readable and without secrets."""

import re
import time
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from core import settings
from core.errors import NotRunning, UsageError
from core.secrets import redact
from core.settings import Settings
from core.text import printable
from opsctl.terminal import output

if TYPE_CHECKING:
    from opsctl.machine.programs import Follower
    from opsctl.server.services import Service
    from opsctl.tgi.log import Entry

# Docker counts pieces of 16 KB, of which a failed load has up to a dozen in two entries.
PIECES, SPARE = 2, 20
_AGE = re.compile(r"(\d+)([smhd])")
_BOT_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ ([A-Z]+) (.*)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def logs(
    what: Annotated[str, typer.Argument(help="server or bot.")] = "server",
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep printing new lines.")
    ] = False,
    lines: Annotated[
        int | None,
        typer.Option("-n", min=0, help="How many of the last entries; 100, or all with --since."),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", help="Only lines newer than 30s, 10m, 2h, 1d, or a time.")
    ] = "",
) -> None:
    """Show the log of the model server or the bot; keys and tokens are masked."""
    from opsctl.machine.programs import Follower

    if what not in ("server", "bot"):
        raise UsageError(f"there is no log {what!r}", "opsctl logs server; opsctl logs bot")
    earliest = _moment(since) if since else 0.0
    config = settings.load()
    tail = 100 if lines is None and not since else lines
    if what == "bot":
        command = _bot_log(config, tail, follow)
    else:
        pieces = None if tail is None else PIECES * tail + SPARE
        command = _service(config).log_command(pieces, follow, earliest or None)
    written = 0.0
    with Follower(command) as log:
        for entry in map(_bot_entry, log) if what == "bot" else _last(log, tail, follow):
            written = _parse(entry.time or "") or written
            if not written or written >= earliest:  # the lines of llama.cpp have no date
                _show(entry, written, config)
    if follow and what == "server":
        output.note("the log ends here: opsctl status says how the server is")


def _last(log: "Follower", number: int | None, follow: bool) -> "Iterator[Entry]":
    """The last entries of a server's log, and those that follow; an entry may be many pieces."""
    from opsctl.tgi.log import readable, whole

    if number is not None:
        lines = log.backlog() if follow else list(log)
        yield from deque(readable(whole(lines)), maxlen=number)
    yield from readable(log)


def _service(config: Settings) -> "Service":
    """The server that was started; else the last process, whose log stays when it is stopped."""
    from opsctl.launch.choose import last_process, no_server, started_service

    service = started_service(config)
    if service and service.state().status != "absent":
        return service
    if last := last_process(config):
        return last
    raise no_server(config, "there is no log")


def _bot_log(config: Settings, tail: int | None, follow: bool) -> list[str]:
    from opsctl.keeper.process import BotProcess
    from opsctl.machine.programs import tail_command

    path = BotProcess(config).log_path
    if not path.is_file():
        hint = "opsctl start" if config.telegram_token else "opsctl setup asks for its token"
        raise NotRunning("there is no log: no bot was started", hint)
    return tail_command(path, tail, *(["--follow=name"] if follow else []))


def _bot_entry(line: str) -> "Entry":
    """A line of the bot's log, which has the time of this machine."""
    from opsctl.tgi.log import Entry

    found = _BOT_LINE.fullmatch(line)
    return Entry(found[1], found[2], found[3]) if found else Entry(None, None, line)


def _show(entry: "Entry", written: float, config: Settings) -> None:
    """An entry with its time on this machine's clock; one without has that of the one before."""
    clock = time.strftime("%H:%M:%S", time.localtime(written)) if written else ""
    first, *more = redact(entry.message, config.secrets).rstrip().split("\n")
    words = (clock, (entry.level or "").upper(), first, entry.detail)
    output.write(printable(" ".join(word for word in words if word)))
    for row in more:
        output.write(printable(f"  {row}"))


def _moment(text: str) -> float:
    """The time that "10m" (ago) or an ISO time stands for, in seconds since 1970."""
    age = _AGE.fullmatch(text)
    if age:
        return time.time() - int(age[1]) * _SECONDS[age[2]]
    found = _parse(text)
    if found is None:
        raise UsageError(f"--since is {text!r}", "give an age such as 10m, or 2026-01-31T12:00")
    return found


def _parse(text: str) -> float | None:
    """An ISO time in seconds since 1970; parts of a second are cut."""
    try:
        whole = re.sub(r"\.\d+", "", text).replace("Z", "+00:00")
        return datetime.fromisoformat(whole).timestamp()
    except ValueError:
        return None
