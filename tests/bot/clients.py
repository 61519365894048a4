"""Real clients of the fake Bot API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.telegram.limits import ChatLimiter
from bot.telegram.sending import Sender
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Flood

NO_FLOOD = 0


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run the test, at most a minute."""
    asyncio.run(asyncio.wait_for(main(), 60))


@asynccontextmanager
async def client(
    api: FakeBotAPI, limiter: ChatLimiter | None = None, **request: Any
) -> AsyncIterator[ExtBot[Any]]:
    """A bot of python-telegram-bot; its calls are limited only if a limiter is given."""
    bot: ExtBot[Any] = ExtBot(
        api.token,
        base_url=api.url,
        base_file_url=api.file_url,
        request=HTTPXRequest(**request),
        get_updates_request=HTTPXRequest(),
        rate_limiter=limiter,
    )
    async with bot:
        yield bot


@asynccontextmanager
async def sender(
    limiter: ChatLimiter | None = None, flood: Flood | None = None
) -> AsyncIterator[tuple[FakeBotAPI, Sender]]:
    """A Sender whose pauses are short, and the fake that it writes to, without flood control."""
    async with FakeBotAPI(flood=flood or Flood(NO_FLOOD)) as api:
        limiter = limiter or ChatLimiter(per_second=1000, overall=1000)
        async with client(api, limiter) as bot:
            yield api, Sender(bot, pace=0.02)


def statuses(api: FakeBotAPI, method: str, chat: int | None = None) -> list[int]:
    """How the calls of one method ended, in order."""
    return [
        call["status"]
        for call in api.calls
        if call["method"] == method and chat in (None, call["args"].get("chat_id"))
    ]


def texts(api: FakeBotAPI, chat: int) -> list[str]:
    """What a chat shows, from top to bottom."""
    return [message["text"] for message in api.messages(chat) if not message["deleted"]]


async def failure(call: Awaitable[object]) -> BaseException | None:
    """The error that the call ends with."""
    try:
        await call
    except Exception as error:
        return error
    return None
