"""How soon the bot hears again: python bench/bot_deaf.py, about 4 minutes.

Each fault of the Bot API meets a bot of its own that runs with the real time limits; all at once.
For each: how long until /healthz says that it is deaf, and how long from the end of the fault until
everything is answered that was asked before and meanwhile: less than two minutes. Then SIGTERM
while slow answers are being written: the bot must end within 8 seconds, and finish them after the
next start. Exit code 1 where any of this is not so.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil

from bench.bot_people import People, keep, notes, served, show, tally, until
from tests.bot.bot_process import BotProcess, RealBot
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_play import Play

SECONDS = 120  # until everything works again
ENDING = 8  # seconds for SIGTERM
LASTS = 60  # seconds of a fault that leaves the bot its hearing; others last until it is deaf
MORE = 20  # seconds for which a deaf bot stays so
CROWD = 300  # people whose writes are wanted while every write hangs
WRITES = ("sendMessage", "editMessageText", "sendChatAction")
PACE = 0.05  # seconds a token
HEAD = (
    "the Bot API", "lasted", "deaf after", "heard again", "all answered", "questions", "lost",
    "doubled", "connections", "pool time-outs",
)  # fmt: skip


@dataclass
class Trial:
    """One bot and what it talks to."""

    api: FakeBotAPI
    tgi: FakeTGI
    bot: BotProcess
    people: People

    async def hears(self, so: bool, within: float) -> float | None:
        """The seconds until /healthz, which `opsctl status` asks, says so; None if it does not."""
        begun = time.monotonic()
        while (await self.bot.health())["ok"] is not so:
            if time.monotonic() - begun > within:
                return None
            await asyncio.sleep(0.2)
        return time.monotonic() - begun

    async def connections(self) -> int:
        """How many connections to the Bot API the bot has open."""
        process = psutil.Process((await self.bot.health())["pid"])
        ends = [one.raddr for one in process.net_connections("tcp")]
        return sum(bool(end) and end.port == self.api.port for end in ends)


@contextlib.asynccontextmanager
async def trial(state: Path, name: str, pace: float = PACE) -> AsyncIterator[Trial]:
    """A bot that has answered one question and is being asked another."""
    folder = state.parent / "bot" / name
    folder.mkdir(parents=True)
    async with FakeTGI(Play(pace=pace)) as tgi, FakeBotAPI() as api:
        people = People(api)
        async with RealBot(folder, api, state, settings=served(tgi)) as bot:
            people.ask(1)
            await people.answered(60)
            yield Trial(api, tgi, bot, people)


def go_silent(api: FakeBotAPI) -> None:
    """Accept connections and answer nothing."""
    api.deaf = True


def say(saying: str) -> Callable[[FakeBotAPI], None]:
    """Answer every call with this refusal."""
    return lambda api: api.faults.append(Fault("*", saying, times=-1))


def hang_writes(api: FakeBotAPI) -> None:
    """Answer polls, and never a call that writes: as many connections hang as the bot opens."""
    api.faults.extend(Fault(method, times=-1, silent=True) for method in WRITES)


def mend(api: FakeBotAPI) -> None:
    """Answer again; calls that hang do so until the bot gives them up."""
    api.deaf = False
    api.faults.clear()


async def fault_trial(
    state: Path, name: str, begin: Callable[[FakeBotAPI], None], deafens: bool = True
) -> tuple[list[str], bool]:
    """A row of the table, and whether it was all right."""
    async with trial(state, name.replace(" ", "-")) as t:
        t.people.ask(2)
        await until(lambda: len(t.tgi.log.requests) > 1, 60)
        begin(t.api)
        begun = time.monotonic()
        if not deafens:
            for user in range(4, 4 + CROWD):
                t.people.ask(user)
        deaf = await t.hears(False, 150 if deafens else LASTS)
        t.people.ask(3)
        await asyncio.sleep(MORE if deafens else 0)
        lasted, ended = time.monotonic() - begun, time.monotonic()
        hanging = await t.connections()
        mend(t.api)
        hearing = asyncio.ensure_future(t.hears(True, 2 * SECONDS))
        done = await t.people.answered(2 * SECONDS)
        took = time.monotonic() - ended
        heard = await hearing
        found = tally(t.people, t.tgi)
        row = [name, *map(seconds, (lasted, deaf, heard, took if done else None))]
        row += [str(found.questions), str(found.lost), str(found.doubled)]
        row += [str(hanging), str(t.bot.said().count("PoolTimeout"))]
        told = deafens == (deaf is not None)
        return row, found.clean and told and heard is not None and took < SECONDS


async def sigterm_trial(
    state: Path, name: str, begin: Callable[[FakeBotAPI], None] | None
) -> tuple[list[str], bool]:
    """SIGTERM while 16 answers are written so slowly that they would take a minute."""
    async with trial(state, name.replace(" ", "-")) as t:
        t.tgi.play = Play(pace=1.5)
        before = len(t.tgi.log.requests)
        for user in range(2, 18):
            t.people.ask(user)
        await until(lambda: len(t.tgi.log.requests) >= before + 16, 60)
        await asyncio.sleep(5)
        if begin:
            begin(t.api)
        begun = time.monotonic()
        code = await t.bot.terminate()
        ended = time.monotonic() - begun
        told = sum(
            "Прерываюсь" in json.dumps(t.bot.all_replies(user), ensure_ascii=False)
            for user in range(2, 18)
        )
        mend(t.api)
        t.tgi.play = Play(pace=PACE)
        begun = time.monotonic()
        await t.bot.start()
        done = await t.people.answered(SECONDS)
        took = time.monotonic() - begun
        found = tally(t.people, t.tgi)
        row = [name, f"{ended:.1f}", str(code), f"{told} of 16", seconds(took if done else None)]
        row += [str(found.lost), str(found.doubled), str(found.broken)]
        return row, found.clean and done and ended <= ENDING and code == 0


def seconds(value: float | None) -> str:
    """With one digit; a dash for what did not happen."""
    return "-" if value is None else f"{value:.1f}"


async def run(state: Path) -> bool:
    """All trials at once, then both tables."""
    deaf = [
        fault_trial(state, "accepts, never answers", go_silent),
        fault_trial(state, "answers 401 to all", say("unauthorized")),
        fault_trial(state, "answers 502 to all", say("bad_gateway")),
        fault_trial(state, "only writes hang", hang_writes, deafens=False),
    ]
    ends = [
        sigterm_trial(state, "works", None),
        sigterm_trial(state, "never answers", go_silent),
    ]
    found = await asyncio.gather(*deaf, *ends)
    rows = [row for row, _ in found]
    show("deaf: seconds; heard and answered from the end of the fault", [HEAD, *rows[: len(deaf)]])
    head = ("the Bot API", "ended, s", "exit code", "told", "all answered after the start, s")
    title = "SIGTERM while 16 slow answers are written"
    show(title, [(*head, "lost", "doubled", "not whole"), *rows[len(deaf) :]])
    return all(good for _, good in found)


def main() -> int:
    with notes() as (folder, state):
        clean = asyncio.run(run(state))
        if not clean:
            keep(folder)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
