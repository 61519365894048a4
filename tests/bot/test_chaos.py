"""Everything fails at once: the bot is killed at random moments while people go on asking."""

import asyncio
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.bot.bot_process import BotProcess, eventually
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_play import Play
from tests.workspace import question

USERS = range(2, 9)
QUESTIONS = 4  # of each
SEED = 4
FAULTS = (
    Fault("sendMessage", process=True, drop=True),
    Fault("sendMessage", "bad_gateway", process=True),
    Fault("sendMessage", drop=True),
    Fault("editMessageText", process=True, drop=True),
    Fault("editMessageText", "bad_gateway", process=True),
    Fault("editMessageText", "flood", retry_after=1),
    Fault("getUpdates", "unauthorized"),
    Fault("getUpdates", "bad_gateway"),
    Fault("getUpdates", process=True, drop=True),
)


def has_answers(bot: BotProcess, user: int, count: int) -> bool:
    return len(bot.finished(user)) >= count


def polled(api: FakeBotAPI, after: int) -> bool:
    """Tell whether a poll was answered after so many calls."""
    return any(call["method"] == "getUpdates" for call in api.calls[after:])


async def ask(api: FakeBotAPI, bot: BotProcess, user: int, chance: random.Random) -> None:
    """A person who asks QUESTIONS questions, never more than three before the answers are there."""
    for asked in range(QUESTIONS):
        await eventually(partial(has_answers, bot, user, asked - 2), 120)
        api.user(user, f"{question(asked + 1)} {user * 100 + asked}")
        await asyncio.sleep(chance.random() / 2)
    await eventually(lambda: len(bot.finished(user)) >= QUESTIONS, 120)


async def make_trouble(
    api: FakeBotAPI, bot: BotProcess, tgi: FakeTGI, chance: random.Random, kills: int
) -> None:
    """Kill the bot again and again, let the server break off, drop replies."""
    for _ in range(kills):
        await asyncio.sleep(0.4 + chance.random())
        api.faults.extend(Fault(**vars(fault)) for fault in chance.sample(FAULTS, 3))
        tgi.play = Play(pace=0.02, fault=chance.choice((None, "eof", "cut")), times=3, after=3)
        await bot.kill()
        calls = len(api.calls)
        await bot.start()
        await eventually(partial(polled, api, calls))
    tgi.play = Play(pace=0.02)


def test_no_answer_is_lost_or_doubled(
    tmp_path: Path, notes: Path, size: Callable[[int, int], int]
) -> None:
    async def go() -> None:
        chance = random.Random(SEED)
        async with FakeTGI(Play(pace=0.02)) as tgi, FakeBotAPI(flood=Flood(0)) as api:
            settings = {"engine": "auto", "server_url": tgi.url, "adapter": "hackatone"}
            async with BotProcess(tmp_path, api, notes, settings=settings) as bot:
                people = [ask(api, bot, user, random.Random(user)) for user in USERS]
                await asyncio.gather(make_trouble(api, bot, tgi, chance, size(10, 3)), *people)
                await eventually(
                    lambda: bot.rows("SELECT count(*) FROM answer WHERE state != 'done'") == [(0,)]
                )
                assert bot.rows("SELECT outcome, count(*) FROM answer GROUP BY outcome") == [
                    ("answered", len(USERS) * QUESTIONS)
                ]
                for user in USERS:
                    check_chat(api, bot, user)

    asyncio.run(go())


def check_chat(api: FakeBotAPI, bot: BotProcess, user: int) -> None:
    """Each question has one whole answer that replies to it; what else there is has no answer."""
    mine = [m for m in api.messages(user) if m["from"]["is_bot"]]
    whole = [m for m in mine if "like:" in str(m.get("reply_markup"))]
    answered = [message["reply_to_message"]["text"] for message in whole]
    asked = [m["text"] for m in api.messages(user) if not m["from"]["is_bot"]]
    assert sorted(answered) == sorted(asked)
    finals = [message["history"][-1]["at"] for message in sorted_by(whole, asked)]
    assert finals == sorted(finals)
    orphans = [message for message in mine if message not in whole]
    assert all(message["text"][0] in "…⏳" for message in orphans)


def sorted_by(whole: list[dict[str, Any]], asked: list[str]) -> list[dict[str, Any]]:
    return sorted(whole, key=lambda message: asked.index(message["reply_to_message"]["text"]))
