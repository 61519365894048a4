"""Who is let in: by number, in every kind of update, and nobody else."""

import asyncio
import re
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.people import MOST_CODES, People
from bot.store import Store
from tests.bot.bot_process import BOTH, BotProcess, eventually, settled
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_chats import BOT
from tests.fakes.bot_api_play import Fault
from tests.workspace import question

STRANGER = 5000
GROUP = -100


def code_in(text: str) -> str:
    """The code that the bot tells."""
    return str(re.findall(r"\b\d{6}\b", text)[0])


def talks(call: dict[str, Any]) -> bool:
    """Tell whether the call says something to somebody."""
    return call["method"].startswith(("send", "edit", "answer")) and "Action" not in call["method"]


def test_a_stranger_moves_nothing(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            api.user(2, question(1))
            await bot.replied(2)
            answer = next(m["message_id"] for m in api.messages(2) if m["from"]["is_bot"])
            said = api.user(STRANGER, question(2))["message_id"]
            api.user(STRANGER, kind="edited", message=said, text=question(3))
            api.user(STRANGER, kind="callback", message=answer, data="retry:1", chat=2)
            api.user(STRANGER, kind="callback", message=answer, data="sources:1", chat=2)
            api.user(STRANGER, kind="inline", query=question(4))
            api.user(STRANGER, kind="reaction", message=answer, emoji="👍", chat=2)
            api.user(STRANGER, "/new", chat=GROUP)
            api.user(3, question(5))
            await bot.replied(3)
            assert {call["args"]["chat_id"] for call in api.calls if talks(call)} == {2, 3}
            assert len(bot.all_replies(2)) == 1
            assert bot.rows("SELECT user FROM answer") == [(2,), (3,)]
            assert bot.rows("SELECT count(*) FROM feedback") == [(0,)]

    asyncio.run(go())


def test_neither_bots_nor_channels_nor_edits_nor_other_bots_words_are_questions(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, groups=[GROUP]) as bot:
            robot = {"id": 3, "is_bot": True, "first_name": "R"}
            api.user(3, question(1), sender=robot)
            api.user(2, question(2), extra={"via_bot": robot})
            channel = {"id": GROUP, "type": "supergroup", "title": "G"}
            api.user(2, "/ask " + question(3), chat=GROUP, extra={"sender_chat": channel})
            said = api.user(2, question(4))["message_id"]
            await bot.replied(2)
            api.user(2, kind="edited", message=said, text=question(5))
            api.user(4, question(6))
            await bot.replied(4)
            assert bot.rows("SELECT count(*) FROM answer") == [(2,)]
            assert len(bot.all_replies(2)) == 1

    asyncio.run(go())


def test_in_a_group_it_answers_those_it_knows_when_they_call_it(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        name = f"@{BOT['username']}"
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, groups=[GROUP]) as bot:
            api.user(2, question(1), chat=GROUP)
            api.user(STRANGER, f"{name} {question(2)}", chat=GROUP)
            api.user(2, f"{name} {question(3)}", chat=-200)
            api.user(2, f"/ask@other_bot {question(4)}", chat=GROUP)
            api.user(2, f"{name} {question(5)}", chat=GROUP)
            first = await bot.replied(GROUP)
            message = api.messages(GROUP)[-1]["message_id"]
            api.user(2, question(6), chat=GROUP, reply_to=message)
            api.user(3, f"/ask{name} {question(7)}", chat=GROUP)
            replies = await bot.replied(GROUP, 3)
            assert [n for n in range(1, 8) if any(f"Норд{n}." in text for text in replies)] == [
                5, 6, 7,
            ]  # fmt: skip
            assert len(first) == 1 and not bot.all_replies(-200)

    asyncio.run(go())


@BOTH
def test_a_code_lets_a_person_in(tmp_path: Path, notes: Path, kind: type[BotProcess]) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, kind(tmp_path, api, notes) as bot:
            for _ in range(3):
                api.user(STRANGER, "/start")
            told = (await bot.replied(STRANGER))[0]
            assert str(STRANGER) in told
            code = code_in(told)
            with closing(Store(bot.database)) as store:
                people = People(store)
                assert people.approve("000000" if code != "000000" else "111111") is None
                person = people.approve(code)
                assert person and person.user == STRANGER
                assert people.approve(code) is None
            assert "Вас впустили" in (await bot.replied(STRANGER, 2))[1]
            api.user(STRANGER, question(8))
            assert "Норд8" in (await bot.replied(STRANGER, 3))[2]
            with closing(Store(bot.database)) as store:
                assert People(store).remove(STRANGER)
            api.user(STRANGER, question(9))
            api.user(2, question(9))
            await bot.replied(2)
            assert len(bot.all_replies(STRANGER)) == 3
            await eventually(lambda: bot.rows("SELECT * FROM welcome") == [])

    asyncio.run(go())


def test_a_code_that_could_not_be_told_is_none(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            api.faults = [Fault("sendMessage", "no_rights", chat=STRANGER)]
            api.user(STRANGER, "/start")
            await eventually(lambda: "reply to update 1:" in bot.said())
            api.user(STRANGER, "/start", language="en")
            first = (await bot.replied(STRANGER))[0]
            assert first.startswith("By invitation only")
            assert bot.rows("SELECT code FROM invitation") == [(code_in(first),)]

    asyncio.run(go())


def test_a_bot_that_is_killed_before_it_told_the_code_tells_the_same_one(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            api.faults = [Fault("sendMessage", silent=True, chat=STRANGER)]
            api.user(STRANGER, "/start")
            await api.until(lambda: api.count("sendMessage"))
            await bot.kill()
            made = bot.rows("SELECT code FROM invitation")
            await bot.start()
            assert made == [(code_in((await bot.replied(STRANGER))[0]),)]

    asyncio.run(go())


def test_a_group_that_became_a_supergroup_is_answered(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        ask, new = f"@{BOT['username']} ", GROUP - 1000
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, groups=[GROUP]) as bot:
            api.user(2, ask + question(1), chat=GROUP)
            await bot.replied(GROUP)
            await settled(bot)
            api.user(2, "/new", chat=GROUP)
            await bot.replied(GROUP, 2)
            api.user(STRANGER, chat=-7, extra={"migrate_to_chat_id": -8})
            api.user(STRANGER, chat=GROUP, extra={"migrate_to_chat_id": new})
            api.chats.moved[GROUP] = new
            for number in (2, 3):
                api.user(2, ask + question(number), chat=new)
                assert f"Норд{number}." in (await bot.replied(new, number - 1))[-1]
            api.user(2, ask + question(4), chat=-8)
            api.user(2, ask + question(5), chat=-8)
            await eventually(lambda: "group -8 is not in OPSCTL_ALLOWED_GROUPS" in bot.said())
            assert bot.said().count(f"group {GROUP} is {new} now") == 1
            assert bot.rows("SELECT chat FROM fresh") == [(new,)]
            await eventually(lambda: bot.rows("SELECT 1 FROM inbox WHERE NOT done") == [])
            assert not bot.all_replies(-8) and bot.said().count("group -8") == 1

    asyncio.run(go())


def test_only_so_many_strangers_get_a_code(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "bot.sqlite")) as store:
        people = People(store)
        name = "x\n\x1b[0m"
        codes = [people.make_code(user, user, name, "ru") for user in range(MOST_CODES + 2)]
        assert [bool(code) for code in codes] == [True] * MOST_CODES + [False] * 2
        assert people.make_code(0, 0, "x", "ru") == codes[0]
        assert people.make_code(99, 0, "x", "ru") == ""
        person = people.approve(codes[0])
        assert person and "\n" not in person.name and "\x1b" not in person.name
        assert people.all() == [person]
        assert [one.user for one in people.waiting()] == list(range(1, MOST_CODES))
        assert people.remove(1) and not people.remove(1)
        assert people.forget_codes() == MOST_CODES - 2 and people.waiting() == []


def test_a_list_of_nobody_is_refused(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api:
            bot = BotProcess(tmp_path, api, notes, allowed_users=[], admins=[])
            async with bot:
                assert await bot.ended() == 1
                assert "nobody may use the bot" in bot.said()
            bot.config["public"] = True
            async with bot:
                api.user(STRANGER, question(1))
                await bot.replied(STRANGER)

    asyncio.run(go())
