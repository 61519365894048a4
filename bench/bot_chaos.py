"""Every question gets one whole answer, whatever fails: python bench/bot_chaos.py.

People ask while the bot is killed at random moments, the model server goes away or breaks off, and
the Bot API refuses, fails, and loses replies after it has done what it was asked. The Bot API's
flood control is on. Exit code 1 where an answer is lost, doubled or not whole.
"""

import argparse
import asyncio
import random
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.bot_people import People, keep, notes, served, show, spread, tally, until
from tests.bot.bot_process import BotProcess, RealBot
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_play import Play

PACE = 0.05  # seconds a token: an answer takes about 2 s
PATIENCE = 300  # seconds after the last trouble within which every answer must be there
AT_ONCE = 3  # questions that a person has open
FAULTS = (
    Fault("sendMessage", process=True, drop=True),
    Fault("sendMessage", "bad_gateway", process=True),
    Fault("sendMessage", "bad_gateway"),
    Fault("sendMessage", drop=True),
    Fault("sendMessage", "flood", retry_after=2),
    Fault("sendMessage", "unauthorized"),
    Fault("editMessageText", process=True, drop=True),
    Fault("editMessageText", "bad_gateway", process=True),
    Fault("editMessageText", drop=True),
    Fault("editMessageText", "flood", retry_after=3),
    Fault("getUpdates", "unauthorized"),
    Fault("getUpdates", "bad_gateway"),
    Fault("getUpdates", process=True, drop=True),
)
SERVER_FAULTS = ("eof", "cut", "overloaded", "generation")


async def ask(people: People, user: int, count: int, pause: float, chance: random.Random) -> None:
    """A person who asks so many questions, now and then, and some of them at once."""
    for _ in range(count):
        await asyncio.sleep(chance.random() * 2 * pause)
        await until(lambda: people.waiting(user) < AT_ONCE, PATIENCE)
        people.ask(user)


async def trouble_api(api: FakeBotAPI, chance: random.Random) -> None:
    """Fault after fault, for ever; they do not pile up where no call meets them."""
    while True:
        await asyncio.sleep(0.5 + chance.random())
        fault = Fault(**vars(chance.choice(FAULTS)))
        if not any(other.times and other.method == fault.method for other in api.faults):
            api.faults.append(fault)


async def trouble_server(tgi: FakeTGI, chance: random.Random, away: list[float]) -> None:
    """Answers that break off, and a server that dies and comes back, for ever.

    `away` is told for how many seconds each time.
    """
    while True:
        await asyncio.sleep(3 + chance.random() * 5)
        tgi.play = Play(pace=PACE, fault=chance.choice(SERVER_FAULTS), times=3, after=3)
        await asyncio.sleep(3 + chance.random() * 5)
        await tgi.stop()
        away.append(2 + chance.random() * 4)
        try:
            await asyncio.sleep(away[-1])
        finally:
            tgi.play = Play(pace=PACE)
            await tgi.start()


def wrote(api: FakeBotAPI, after: int) -> bool:
    """True if the bot wrote or changed a message after so many calls."""
    methods = ("sendMessage", "editMessageText")
    return any(call["method"] in methods and call["status"] == 200 for call in api.calls[after:])


async def kill_again_and_again(
    people: People, bot: BotProcess, kills: int, chance: random.Random
) -> list[float]:
    """SIGKILL while somebody waits for an answer; the seconds from each start to the next words."""
    recovered = []
    for number in range(kills):
        await asyncio.sleep(0.5 + chance.random() * 6)
        await until(people.somebody_waits, PATIENCE)
        await bot.kill()
        calls, restarted = len(people.api.calls), time.monotonic()
        await bot.start()
        await until(partial(wrote, people.api, calls), PATIENCE)
        recovered.append(time.monotonic() - restarted)
        print(f"kill {number + 1}: {recovered[-1]:.1f} s to the next words", file=sys.stderr)
    return recovered


async def run(args: argparse.Namespace, folder: Path, state: Path) -> bool:
    """Run it, print the table, and tell whether nothing was lost, doubled or cut."""
    chance = random.Random(args.seed)
    async with FakeTGI(Play(pace=PACE)) as tgi, FakeBotAPI() as api:
        people, begun = People(api), time.monotonic()
        async with RealBot(folder, api, state, settings=served(tgi)) as bot:
            away: list[float] = []
            count, more = divmod(args.questions, args.users)
            asking = [
                ask(people, user, count + (user <= more), args.pause, random.Random(user))
                for user in range(1, args.users + 1)
            ]
            troubles = [
                asyncio.ensure_future(trouble_api(api, chance)),
                asyncio.ensure_future(trouble_server(tgi, chance, away)),
            ]
            killing = asyncio.ensure_future(kill_again_and_again(people, bot, args.kills, chance))
            await asyncio.gather(killing, *asking)
            recovered = killing.result()
            for trouble in troubles:
                trouble.cancel()
            await asyncio.gather(*troubles, return_exceptions=True)
            tgi.play = Play(pace=PACE)
            await people.answered(PATIENCE)
            wall = time.monotonic() - begun
        result = tally(people, tgi)
        rows = [*result.rows(), *figures(people, tgi, recovered, away), ("wall, s", f"{wall:.0f}")]
        show(f"chaos: {args.questions} questions of {args.users} people, seed {args.seed}", rows)
        return result.clean


def figures(
    people: People, tgi: FakeTGI, recovered: list[float], away: list[float]
) -> list[tuple[str, str]]:
    """What happened beside the answers."""
    api, seen = people.api, tgi.log.requests
    times = [people.seconds(one) for one in people.asked if people.finals(one)]
    met = sum(not fault.times for fault in api.faults)
    finished = sum(one.finished for one in seen)
    return [
        ("placeholders left without an answer", str(people.orphans())),
        ("kills", str(len(recovered))),
        ("from start to the next words, s, median / most", spread(recovered)),
        ("from question to final answer, s, median / most", spread(times)),
        ("faults of the Bot API that were met", str(met)),
        ("calls refused by its own flood control", str(len(api.flood.refused))),
        ("requests to the model server, finished", f"{len(seen)}, {finished}"),
        ("  which was away, times and s", f"{len(away)}, {sum(away):.0f}"),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--pause", type=float, default=5, help="mean seconds between questions")
    args = parser.parse_args()
    with notes() as (folder, state):
        clean = asyncio.run(run(args, folder, state))
        if not clean:
            keep(folder)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
