"""The first day of an institute, small; bench/bot_first_day.py has it in full."""

import asyncio
from pathlib import Path

from tests.bot.bot_process import BotProcess
from tests.bot.crowd import Crowd, Day, settings
from tests.fakes.bot_api import FakeBotAPI


def test_everybody_is_told_let_in_or_refused_and_answered_once(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        crowd = Crowd(button=14, listed=5, link=4, group=3, refused=4, seconds=1)
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, **settings()) as bot:
            found = await Day(crowd, api, bot).pass_by()
        assert (found["people"], found["let in"], found["refused and told so"]) == (30, 26, 4)
        for name in ("answers lost", "answers doubled", "answers to refused", "decided twice"):
            assert found[name] == 0, found
        assert max(found["messages to each administrator"]) <= 8, found

    asyncio.run(go())
