"""What is tried again, seen by a server: a call that must not happen twice happens once."""

import asyncio
import logging
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut

from bot.telegram import retry
from tests.bot.clients import NO_FLOOD, client, failure, run, statuses, texts
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood

PAUSE = 0.02
LOST: dict[str, Any] = {"process": True, "drop": True}


def patience(fault: dict[str, Any]) -> float:
    """Seconds to wait for a reply: few only where none is to come."""
    return 1 if "silent" in fault else 30


@pytest.mark.parametrize(
    ("fault", "kind", "calls", "messages"),
    [
        ({"says": "unauthorized"}, None, 2, 1),
        ({"says": "no_method"}, None, 2, 1),
        ({"says": "unauthorized", "times": -1}, InvalidToken, 4, 0),
        ({"says": "bad_gateway"}, NetworkError, 1, 0),
        ({"says": "bad_gateway", "process": True}, NetworkError, 1, 1),
        ({"drop": True}, NetworkError, 1, 0),
        (LOST, NetworkError, 1, 1),
        ({"silent": True, "process": True}, TimedOut, 1, 1),
        ({"says": "flood"}, RetryAfter, 1, 0),
        ({"says": "blocked"}, Forbidden, 1, 0),
        ({"says": "empty"}, BadRequest, 1, 0),
    ],
)
def test_once(
    fault: dict[str, Any], kind: type[Exception] | None, calls: int, messages: int
) -> None:
    """Only what Telegram surely did not execute is tried again."""

    async def main() -> None:
        async with (
            FakeBotAPI(flood=Flood(NO_FLOOD)) as api,
            client(api, read_timeout=patience(fault)) as bot,
        ):
            api.faults = [Fault("sendMessage", **fault)]
            error = await failure(retry.once(lambda: bot.send_message(7, "x"), PAUSE))
            assert type(error) is (kind or type(None))
            assert len(statuses(api, "sendMessage")) == calls
            assert len(texts(api, 7)) == messages

    run(main)


@pytest.mark.parametrize(
    ("fault", "kind", "calls"),
    [
        ({"says": "unauthorized"}, None, 2),
        ({"says": "bad_gateway", "times": 2}, None, 3),
        ({"says": "internal", "times": -1}, NetworkError, 4),
        ({"drop": True, "times": 2}, None, 3),
        ({"silent": True}, None, 2),
        (LOST, BadRequest, 2),
        ({"says": "flood"}, RetryAfter, 1),
        ({"says": "blocked"}, Forbidden, 1),
        ({"says": "no_message"}, BadRequest, 1),
    ],
)
def test_again(fault: dict[str, Any], kind: type[Exception] | None, calls: int) -> None:
    """Every failure on the way is tried again; an edit that was lost is then "not modified"."""

    async def main() -> None:
        async with (
            FakeBotAPI(flood=Flood(NO_FLOOD)) as api,
            client(api, read_timeout=patience(fault)) as bot,
        ):
            message = await bot.send_message(7, "x")
            api.faults = [Fault("editMessageText", **fault)]
            error = await failure(
                retry.again(lambda: bot.edit_message_text("y", 7, message.message_id), PAUSE)
            )
            assert type(error) is (kind or type(None))
            assert len(statuses(api, "editMessageText")) == calls

    run(main)


def test_a_server_that_is_not_there_yet() -> None:
    """A refused connection left no message: the call is made when the server is there."""

    async def main() -> None:
        async with FakeBotAPI(flood=Flood(NO_FLOOD)) as api, client(api) as bot:
            tries = asyncio.Semaphore(0)

            async def send() -> object:
                tries.release()
                return await bot.send_message(7, "x")

            await api.stop()
            sent = asyncio.create_task(retry.once(send, pause=1))
            await tries.acquire()
            await asyncio.sleep(0)
            await api.start()
            await sent
            assert texts(api, 7) == ["x"]

    run(main)


def test_no_free_connection() -> None:
    """A full pool is no lost reply."""

    async def main() -> None:
        async with (
            FakeBotAPI(flood=Flood(NO_FLOOD)) as api,
            client(api, connection_pool_size=1, pool_timeout=0.05) as bot,
        ):
            api.faults = [Fault("getMe", delay=0.5)]
            slow = asyncio.create_task(bot.get_me())
            await api.until(lambda: api.count("getMe") == 2)
            tries = 0

            async def send() -> object:
                nonlocal tries
                tries += 1
                if tries > 1:
                    await slow
                return await bot.send_message(7, "x")

            await retry.once(send, PAUSE)
            assert tries == 2 and texts(api, 7) == ["x"]

    run(main)


def test_the_log_names_the_error_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    """The text of InvalidToken would hold it."""

    async def main() -> None:
        async with FakeBotAPI() as api, client(api) as bot:
            api.faults = [Fault("getMe", "unauthorized")]
            await retry.again(bot.get_me, PAUSE)
            assert "attempt 1: InvalidToken" in caplog.text
            assert api.token not in caplog.text

    with caplog.at_level(logging.DEBUG, logger="bot"):
        run(main)
