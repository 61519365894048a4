"""Many people at once, and a long inbox: python bench/bot_load.py [--users 500] [--inbox 100000].

First everybody asks one question at the same moment; the model server takes so many answers at a
time, and the Bot API's flood control (30 calls a second) is on, which alone makes the last answer
late. Then the bot starts with an inbox of updates that nobody dealt with, is killed halfway, and
starts again. Exit code 1 where an answer is lost, doubled or not whole.
"""

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.bot_people import (
    NOTES,
    People,
    keep,
    notes,
    percentile,
    resident,
    served,
    show,
    tally,
    until,
)
from bot.store.store import Store
from tests.bot.bot_process import BotProcess, RealBot
from tests.bot.test_inbox import STRANGER, update
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_play import Play
from tests.workspace import question

PACE = 0.05  # seconds a token: an answer takes about 2 s
PATIENCE = 600
ASKERS = 20  # people whose questions stand among the updates of strangers


@contextlib.asynccontextmanager
async def watched(bot: BotProcess) -> AsyncIterator[list[float]]:
    """The bot's memory in MB, four times a second, while the block runs."""
    sizes: list[float] = []

    async def watch() -> None:
        while True:
            sizes.append(await resident(bot))
            await asyncio.sleep(0.25)

    watching = asyncio.ensure_future(watch())
    try:
        yield sizes
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def crowd(folder: Path, state: Path, users: int, places: int) -> bool:
    """Everybody asks at once; prints the table, and tells whether nothing was lost or doubled."""
    play = Play(pace=PACE, max_concurrent=places)
    async with FakeTGI(play) as tgi, FakeBotAPI() as api:
        people = People(api)
        config = {"allowed_users": list(range(1, users + 1))}
        async with RealBot(folder, api, state, settings=served(tgi), **config) as bot:
            people.ask(1)
            await people.answered(PATIENCE)
            before, calls = await resident(bot), len(api.calls)
            people.asked.clear()
            async with watched(bot) as sizes:
                for user in range(1, users + 1):
                    people.ask(user)
                await people.answered(PATIENCE, pause=1)
                await asyncio.sleep(5)
        result = tally(people, tgi)
        rows = [
            *result.rows(),
            ("calls refused by the Bot API's flood control", str(len(api.flood.refused))),
            ("calls made", str(len(api.calls) - calls)),
            ("most answers at a time at the model server", f"{tgi.log.peak} of {places}"),
            ("refused there", str(tgi.log.overloaded)),
            *lateness(people),
            ("memory before, MB", f"{before:.0f}"),
            ("memory at its peak, MB", f"{max(sizes):.0f}"),
            ("memory after, MB", f"{sizes[-1]:.0f}"),
        ]
        show(f"load: {users} people ask one question each at the same moment", rows)
        return result.clean and not api.flood.refused


def lateness(people: People) -> list[tuple[str, str]]:
    """How long the answers took."""
    times = [people.seconds(one) for one in people.asked if people.finals(one)]
    shares = (("p50", 0.5), ("p95", 0.95), ("most", 1))
    return [(f"to the final answer, s, {name}", percentile(times, s)) for name, s in shares]


def waiting_updates(count: int) -> Iterator[tuple[int, str]]:
    """Messages of strangers, and now and then a question of somebody who may ask."""
    for number in range(1, count + 1):
        user, rest = divmod(number, count // ASKERS)
        if rest:
            yield number, update(number, STRANGER, "пусти")
        else:
            yield number, update(number, user, question(user % NOTES + 1))


async def inbox(folder: Path, state: Path, count: int) -> bool:
    """Start on a full inbox, twice; prints the table, and tells whether everybody has an answer."""
    async with FakeBotAPI() as api:
        bot = RealBot(folder, api, state, admins=[])
        store = Store(bot.database)
        store.receive(waiting_updates(count))
        begun = time.monotonic()
        async with bot:
            await until(lambda: store.backlog() < count // 2, PATIENCE)
            await bot.kill()
            first, left = time.monotonic() - begun, store.backlog()
            bot.log = folder / "second.log"
            begun = time.monotonic()
            await bot.start()
            health = await bot.health()
            heard = time.monotonic() - begun
            async with watched(bot) as sizes:
                await until(lambda: not store.backlog(), PATIENCE)
                empty = time.monotonic() - begun
                await until(lambda: answered(bot) == ASKERS, PATIENCE)
            done = time.monotonic() - begun
        store.close()
        rows = [
            ("first start until it was killed halfway, s", f"{first:.1f}"),
            ("left for the second start", str(left)),
            ("second start until /healthz answers, s", f"{heard:.1f}"),
            ("  which then says of the inbox", str(health["backlog"])),
            ("second start until all is dealt with, s", f"{empty:.1f}"),
            (f"  and all {ASKERS} questions among them are answered", f"{done:.1f}"),
            ("questions answered", str(answered(bot))),
            ("answers shown twice", str(sum(len(bot.finished(u)) > 1 for u in askers()))),
            ("memory at its peak, MB", f"{max(sizes):.0f}"),
        ]
        show(f"inbox: {count} updates wait when the bot starts", rows)
        return [len(bot.finished(user)) for user in askers()] == [1] * ASKERS


def askers() -> range:
    """The people whose questions stand among the others."""
    return range(1, ASKERS + 1)


def answered(bot: BotProcess) -> int:
    """How many of them have an answer."""
    return sum(bool(bot.finished(user)) for user in askers())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--places", type=int, default=16, help="answers that the server takes")
    parser.add_argument("--inbox", type=int, default=100_000)
    args = parser.parse_args()
    clean = []
    for part in (
        partial(crowd, users=args.users, places=args.places),
        partial(inbox, count=args.inbox),
    ):
        with notes() as (folder, state):
            clean.append(asyncio.run(part(folder, state)))
            if not clean[-1]:
                keep(folder)
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
