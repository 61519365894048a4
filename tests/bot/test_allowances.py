"""How much people may ask, and when they are told that they may ask again."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.texts import EN, RU
from bot.texts.counting import counted, duration
from tests.bot.bot_process import ADMIN, BotProcess
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Flood
from tests.workspace import Workspace, note, question


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "секунду"), (2, "секунды"), (5, "секунд"), (11, "секунд"), (21, "секунду"),
     (40, "секунд"), (54, "секунды"), (111, "секунд"), (113, "секунд"), (101, "секунду")],
)  # fmt: skip
def test_numbers_have_the_right_noun(number: int, said: str) -> None:
    assert counted(number, RU.seconds) == f"{number} {said}"


def test_a_time_to_wait_is_rounded_up() -> None:
    waits = [duration(seconds, RU) for seconds in (0.2, 40, 121, 7199, 7201, 86_399)]
    assert waits == ["1 секунду", "40 секунд", "3 минуты", "120 минут", "3 часа", "24 часа"]
    assert [duration(seconds, EN) for seconds in (1, 130)] == ["1 second", "3 minutes"]


def test_who_asks_too_much_is_told_when_to_ask_again(tmp_path: Path, notes: Path) -> None:
    """In the time of Telegram's clock, which is an hour ahead here."""

    async def go() -> None:
        config = {"questions_per_minute": 2, "questions_per_day": 3}
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, **config) as bot:
            now = int(time.time()) + 3600
            for number, ago in enumerate((50, 20, 0), 1):
                api.user(2, question(number), extra={"date": now - ago})
                await bot.replied(2, number)
            assert bot.finished(2)[2].endswith("Попробуйте через 10 секунд.")
            api.user(2, "Спасибо!", extra={"date": now + 9})
            api.user(2, question(4), extra={"date": now + 10})
            assert "Норд4" in (await bot.replied(2, 5))[4]
            api.user(2, question(5), extra={"date": now + 3600})
            said = (await bot.replied(2, 6))[5]
            assert said.endswith("не больше 3 в сутки. Попробуйте через 23 часа.")

    asyncio.run(go())


def test_zero_is_no_limit_and_administrators_have_none(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        config = {"questions_per_minute": 1, "questions_per_day": 0}
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            BotProcess(tmp_path, api, notes, **config) as bot,
        ):
            for number in (1, 2, 3):
                api.user(ADMIN, question(number))
                api.user(2, question(number), extra={"date": 1_000_000 + 61 * number})
                await bot.replied(ADMIN, number)
                await bot.replied(2, number)
            assert "Слишком" not in str(bot.finished(2) + bot.finished(ADMIN))

    asyncio.run(go())


def test_one_person_may_have_other_limits(tmp_path: Path, notes: Path) -> None:
    """They count from the moment at which the administrator of the server says so."""

    async def go() -> None:
        workspace = Workspace(tmp_path)
        workspace.state.mkdir()

        async def limit(*words: str) -> str:
            done = await asyncio.to_thread(workspace.run, "users", "limit", *words)
            assert done.returncode == 0, done
            return done.stdout

        config = {"questions_per_minute": 1, "database": str(workspace.state / "bot.sqlite")}
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            BotProcess(tmp_path, api, notes, **config) as bot,
        ):
            now = int(time.time())

            async def refused(count: int) -> bool:
                api.user(2, question(count), extra={"date": now})
                return "Слишком" in (await bot.replied(2, count))[-1]

            assert not await refused(1)
            assert await refused(2)
            assert "minute: 3" in await limit("2", "--minute", "3")
            assert not await refused(3)
            assert "day: no limit" in await limit("2", "--none")
            assert not await refused(4)
            assert not await refused(5)
            await limit("2", "--reset")
            assert await refused(6)
            assert "minute: 6" in await limit("2")

    asyncio.run(go())


def test_limits_that_make_no_sense(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write("a.txt", note(1))
    assert "OPSCTL_QUESTIONS_PER_DAY is '-1'" in workspace.fails(
        2, "doctor", env={"OPSCTL_QUESTIONS_PER_DAY": "-1"}
    )
    assert "4096" in workspace.fails(2, "doctor", env={"OPSCTL_QUESTION_LENGTH": "5000"})
    assert "one of" in workspace.fails(2, "users", "limit", "2", "--none", "--reset")
