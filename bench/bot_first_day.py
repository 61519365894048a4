"""The first day of an institute: python bench/bot_first_day.py [--people 250] [--seconds 60].

So many people write /start within so many seconds; four fifths are let in by buttons, a list, a
link and their group, the rest are refused, and each asks a question. The Bot API's flood control is
on, and the bot's clocks are the product's. Exit code 1 where somebody was left in the dark, or an
answer was lost or doubled.
"""

import argparse
import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.bot_people import keep, notes, show
from tests.bot.bot_process import RealBot
from tests.bot.crowd import Crowd, Day, settings
from tests.fakes.bot_api import FakeBotAPI

PATIENCE = 600
NONE = ("answers lost", "answers doubled", "answers to refused", "decided twice")


async def first_day(folder: Path, state: Path, crowd: Crowd) -> bool:
    """Let the day pass; prints the table, and tells whether it went as it should."""
    async with FakeBotAPI() as api, RealBot(folder, api, state, **settings()) as bot:
        found = await Day(crowd, api, bot).pass_by()
    seconds = f"{crowd.seconds:.0f} s"
    title = f"first day: {len(crowd.people)} people write /start within {seconds}"
    show(title, [(name, str(value)) for name, value in found.items()])
    return not any(found[name] for name in NONE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=250)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    some = args.people // 25
    crowd = Crowd(
        button=args.people - 15 * some,
        listed=4 * some,
        link=3 * some,
        group=3 * some,
        refused=5 * some,
        seconds=args.seconds,
        patience=PATIENCE,
    )
    with notes() as (folder, state):
        clean = asyncio.run(first_day(folder, state, crowd))
        if not clean:
            keep(folder)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
