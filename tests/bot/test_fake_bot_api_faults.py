"""The failures of the fake Bot API: flood control, lost replies, silence."""

import asyncio
from typing import Any

import pytest
from telegram.error import InvalidToken, NetworkError, RetryAfter, TimedOut

from tests.bot.clients import client, failure, run, texts
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood


def test_flood_control_counts() -> None:
    """The fourth message at once is refused and says for how long; 20 a minute in a group."""

    async def main() -> None:
        async with FakeBotAPI(flood=Flood(speed=0.5)) as api, client(api) as bot:
            for _ in range(3):
                await bot.send_message(7, "x")
            assert isinstance(await failure(bot.send_message(7, "x")), RetryAfter)
            (refused,) = api.flood.refused
            assert refused == {"method": "sendMessage", "chat": 7, "retry_after": 2}
            await asyncio.sleep(refused["retry_after"])
            await bot.send_message(7, "x")
            api.flood.burst = 100
            errors = [await failure(bot.send_message(-5, "x")) for _ in range(21)]
            assert [type(error) for error in errors] == [type(None)] * 20 + [RetryAfter]

    run(main)


@pytest.mark.parametrize(
    ("fault", "kind", "written"),
    [
        ({"says": "bad_gateway"}, NetworkError, False),
        ({"drop": True}, NetworkError, False),
        ({"drop": True, "process": True}, NetworkError, True),
        ({"silent": True}, TimedOut, False),
        ({"says": "internal", "process": True, "delay": 0.01}, NetworkError, True),
        ({"says": "unauthorized"}, InvalidToken, False),
    ],
)
def test_faults(fault: dict[str, Any], kind: type[Exception], written: bool) -> None:
    """They meet one call of their method in their chat, and are over."""

    async def main() -> None:
        async with FakeBotAPI() as api, client(api, read_timeout=1) as bot:
            api.faults = [Fault("sendMessage", chat=7, after=1, **fault)]
            await bot.send_message(8, "other chat")
            await bot.send_message(7, "spared")
            assert type(await failure(bot.send_message(7, "met"))) is kind
            await bot.send_message(7, "over")
            assert texts(api, 7) == ["spared", *["met"] * written, "over"]

    run(main)


def test_a_wrong_token() -> None:
    """401 for every method."""

    async def main() -> None:
        async with FakeBotAPI() as api, client(api) as bot:
            api.token = "1:other"
            assert isinstance(await failure(bot.get_updates()), InvalidToken)
            api.token = bot.token

    run(main)


def test_deaf() -> None:
    """Connections are taken and never answered, until it is over."""

    async def main() -> None:
        async with FakeBotAPI() as api, client(api, read_timeout=1) as bot:
            api.deaf = True
            assert isinstance(await failure(bot.send_message(7, "x")), TimedOut)
            api.deaf = False
            await bot.send_message(7, "y")
            assert texts(api, 7) == ["y"]

    run(main)
