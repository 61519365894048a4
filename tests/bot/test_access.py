"""Who is let in: by number, in every kind of update, and nobody else."""

import asyncio
from pathlib import Path
from typing import Any

from tests.bot.bot_process import BotProcess, eventually, settled
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_chats import BOT
from tests.workspace import question

STRANGER = 5000
GROUP = -100
OURS: dict[str, Any] = {"allowed_groups": [GROUP]}


def talks(call: dict[str, Any]) -> bool:
    """Tell whether the call says something to somebody."""
    return call["method"].startswith(("send", "edit", "answer")) and "Action" not in call["method"]


def said(api: FakeBotAPI, chat: int) -> list[str]:
    """What the bot said in a chat."""
    return [message["text"] for message in api.messages(chat) if message["from"] == BOT]


def test_a_stranger_moves_nothing(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            api.user(2, question(1))
            await bot.replied(2)
            answer = next(m["message_id"] for m in api.messages(2) if m["from"]["is_bot"])
            said = api.user(STRANGER, question(2), chat=-200)["message_id"]
            api.user(STRANGER, kind="edited", message=said, text=question(3), chat=-200)
            api.user(STRANGER, kind="callback", message=answer, data="retry:1", chat=2)
            api.user(STRANGER, kind="callback", message=answer, data="sources:1", chat=2)
            api.user(STRANGER, kind="callback", message=answer, data="door:in:5000", chat=2)
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
        async with (
            FakeBotAPI() as api,
            BotProcess(tmp_path, api, notes, allowed_groups=[GROUP]) as bot,
        ):
            robot = {"id": 3, "is_bot": True, "first_name": "R"}
            api.user(3, question(1), sender=robot)
            api.user(2, question(2), extra={"via_bot": robot})
            channel = {"id": -777, "type": "channel", "title": "G"}
            api.user(2, "/ask " + question(3), chat=GROUP, extra={"sender_chat": channel})
            said = api.user(2, question(4))["message_id"]
            await bot.replied(2)
            api.user(2, kind="edited", message=said, text=question(5))
            api.user(4, question(6))
            await bot.replied(4)
            assert bot.rows("SELECT count(*) FROM answer") == [(2,)]
            assert len(bot.all_replies(2)) == 1

    asyncio.run(go())


def test_in_a_group_of_ours_everybody_may_ask_who_calls_it(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        name = f"@{BOT['username']}"
        async with (
            FakeBotAPI() as api,
            BotProcess(tmp_path, api, notes, allowed_groups=[GROUP]) as bot,
        ):
            api.user(2, question(1), chat=GROUP)
            api.user(2, f"{name} {question(2)}", chat=-200)
            api.user(2, f"/ask@other_bot {question(3)}", chat=GROUP)
            api.user(STRANGER, f"{name} {question(4)}", chat=GROUP)
            first = await bot.replied(GROUP)
            message = api.messages(GROUP)[-1]["message_id"]
            api.user(2, question(5), chat=GROUP, reply_to=message)
            api.user(3, f"/ask{name} {question(6)}", chat=GROUP)
            replies = await bot.replied(GROUP, 3)
            assert [n for n in range(1, 7) if any(f"Норд{n}." in text for text in replies)] == [
                4, 5, 6,
            ]  # fmt: skip
            assert len(first) == 1 and not bot.all_replies(-200)
            assert not bot.rows("SELECT 1 FROM request")

    asyncio.run(go())


def test_an_anonymous_administrator_of_a_group_asks_as_the_group(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        group = {"id": GROUP, "type": "supergroup", "title": "G"}
        anonymous: dict[str, Any] = {
            "sender": {"id": 1087968824, "is_bot": True, "first_name": "Group"},
            "extra": {"sender_chat": group},
        }
        config = {"allowed_groups": [GROUP], "questions_per_minute": 1}
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, **config) as bot:
            api.user(2, f"/ask {question(1)}", chat=GROUP, **anonymous)
            await api.until(lambda: "Норд1." in str(said(api, GROUP)))
            assert bot.rows("SELECT user FROM answer") == [(GROUP,)]
            await settled(bot)
            api.user(3, f"/ask {question(2)}", chat=GROUP, **anonymous)
            await api.until(lambda: "at most 1 a minute" in str(said(api, GROUP)))
            api.user(4, f"/ask {question(3)}", chat=GROUP)
            await api.until(lambda: "Норд3." in str(said(api, GROUP)))
            message = next(m["message_id"] for m in api.messages(GROUP) if m["from"] == BOT)
            press = {"message": message, "data": "like:1", "chat": GROUP}
            api.user(5, kind="callback", **press)
            await eventually(lambda: bot.rows("SELECT user, value FROM feedback") == [(5, 1)])

    asyncio.run(go())


def test_a_group_that_became_a_supergroup_is_answered(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        ask, new = f"@{BOT['username']} ", GROUP - 1000
        async with (
            FakeBotAPI() as api,
            BotProcess(tmp_path, api, notes, allowed_groups=[GROUP]) as bot,
        ):
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


def test_a_list_of_nobody_is_no_reason_to_stay_away(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api:
            bot = BotProcess(tmp_path, api, notes, allowed_users=[], admins=[])
            async with bot:
                api.user(STRANGER, "/start")
                assert "администратор" in (await bot.replied(STRANGER))[0]
            bot.config["public"] = True
            async with bot:
                api.user(STRANGER, question(1))
                await bot.replied(STRANGER, 2)

    asyncio.run(go())
