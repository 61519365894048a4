"""Connections that are lost without a word are replaced."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from telegram.ext import ExtBot

from bot.telegram.connections import NO_ROOM, Connections
from bot.telegram.line import Line
from tests.bot.bot_process import eventually
from tests.bot.clients import NO_FLOOD, failure, run, texts
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood


@asynccontextmanager
async def bot_with(
    **settings: Any,
) -> AsyncIterator[tuple[FakeBotAPI, ExtBot[Any], Connections, list[int]]]:
    """The fake, a bot whose connections are ours, and a list that grows when they are new."""
    renewed: list[int] = []
    async with FakeBotAPI(flood=Flood(NO_FLOOD)) as api:
        connections = Connections(Line(api.url), lambda: renewed.append(1), **settings)
        bot: ExtBot[Any] = ExtBot(api.token, api.url, request=connections)
        try:
            yield api, bot, connections, renewed
        finally:
            await connections.shutdown()


def test_a_pool_without_a_free_connection_is_replaced() -> None:
    """After as many requests as are needed to see that it is for good."""

    async def main() -> None:
        settings: dict[str, Any] = {"connection_pool_size": 1, "pool_timeout": 0.05}
        async with bot_with(read_timeout=60, **settings) as (api, bot, _, renewed):
            api.faults = [Fault("getMe", silent=True)]
            lost = asyncio.ensure_future(failure(bot.get_me()))
            await api.until(lambda: api.count("getMe"))
            for _ in range(NO_ROOM):
                assert await failure(bot.send_message(7, "x")) and not renewed
            await bot.send_message(7, "y")
            assert texts(api, 7) == ["y"] and renewed == [1]
            await lost

    run(main)


def test_what_answers_nothing_for_long_is_replaced() -> None:
    """A 502 is no answer of Telegram's; a refusal is one."""

    async def main() -> None:
        async with bot_with(deaf=0.5, read_timeout=0.2) as (api, bot, connections, renewed):
            api.faults = [Fault("getMe", "blocked", times=1), Fault("getMe", "bad_gateway")]
            await failure(bot.get_me())
            assert connections.silence == 0
            await failure(bot.get_me())
            api.deaf = True

            async def fail() -> None:
                while not renewed:
                    await failure(bot.get_me())

            failing = asyncio.ensure_future(fail())
            await eventually(lambda: connections.silence > 0.5)
            await failing
            api.deaf = False
            await bot.send_message(7, "y")
            assert texts(api, 7) == ["y"] and connections.silence == 0

    run(main)
