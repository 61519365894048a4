"""The menu and the descriptions, which some administrators cannot have yet."""

import asyncio
from pathlib import Path
from typing import Any

from tests.bot.bot_process import ADMIN, BotProcess, eventually
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood

SET = ("setMyCommands", "setMyDescription", "setMyShortDescription")
OTHER = 3


def menus(api: FakeBotAPI, method: str = "setMyCommands") -> list[tuple[Any, Any]]:
    """Whose menu (None: everybody's) was set in which language, in order."""
    return [
        (call["args"].get("scope", {}).get("chat_id"), call["args"].get("language_code", ""))
        for call in api.calls
        if call["method"] == method and call["status"] == 200
    ]


def test_an_administrator_who_comes_late_keeps_nobody_from_the_menu(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        config = {"admins": [ADMIN, OTHER]}
        async with FakeBotAPI(flood=Flood(0)) as api, BotProcess(tmp_path, api, notes, **config):
            api.faults = [Fault("setMyCommands", "chat_not_found", after=2)]
            await eventually(lambda: (OTHER, "ru") in menus(api))
            assert menus(api) == [(None, ""), (None, "ru"), (OTHER, ""), (OTHER, "ru")]
            assert menus(api, SET[1]) == menus(api, SET[2]) == [(None, ""), (None, "ru")]
            api.user(ADMIN, "/start")
            await eventually(lambda: menus(api)[4:] == [(ADMIN, ""), (ADMIN, "ru")])

    asyncio.run(go())


def test_a_menu_is_set_once_and_taken_from_who_is_no_administrator(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api:
            bot = BotProcess(tmp_path, api, notes, admins=[ADMIN, OTHER])
            async with bot:
                await eventually(lambda: len(menus(api)) == 6)
                noted = "SELECT value FROM meta WHERE key = 'menus'"
                await eventually(lambda: len(menus(api)) == 6)
                await eventually(lambda: f'"{OTHER}"' in str(bot.rows(noted)))
                assert any(command["command"] == "ask" for command in api.methods.commands[""])
            bot.config["admins"] = [OTHER]
            async with bot:
                await eventually(lambda: len(menus(api, "deleteMyCommands")) == 2)
                assert menus(api, "deleteMyCommands") == [(ADMIN, ""), (ADMIN, "ru")]
                api.user(ADMIN, "/start")
                await bot.replied(ADMIN)
                assert len(menus(api)) == 6

    asyncio.run(go())
