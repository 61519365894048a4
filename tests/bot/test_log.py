"""No secret in any line of the log, at any level."""

import asyncio
import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from bot.log import MARK, set_up
from tests.bot.clients import client, failure
from tests.fakes.bot_api import FakeBotAPI

TOKEN = "987654321:AAF-real_looking_token_of_a_bot_0123456"
KEY = 'key "with" quotes/and+more'


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log of a bot at DEBUG; pytest's own handlers are put back afterwards."""
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    root.handlers[:] = []
    written = io.StringIO()
    set_up("DEBUG", [KEY], written)
    yield written
    logging.captureWarnings(False)
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    for name in ("httpx", "httpcore", "telegram", "markdown_it", "faiss"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_tokens_and_secrets_are_replaced(log: io.StringIO) -> None:
    """In messages, arguments, tracebacks, and as they stand in addresses and JSON."""
    said = logging.getLogger("bot.x")
    said.warning("POST https://api.telegram.org/bot%s/getMe", TOKEN)
    said.debug("%s and %s", quote(TOKEN, safe=""), quote(KEY, safe=""))
    said.info("as JSON: %s, as it is: %s", json.dumps({"key": KEY}), KEY)
    try:
        raise ValueError(f"The token `{TOKEN}` was rejected")
    except ValueError:
        said.exception("failed", stack_info=True)
    written = log.getvalue()
    assert written.count(MARK) == 6
    assert "ValueError: The token `[redacted]` was rejected" in written
    for secret in (TOKEN, quote(TOKEN, safe=""), KEY, json.dumps(KEY)[1:-1], quote(KEY, safe="")):
        assert secret not in written


def test_the_rest_stays(log: io.StringIO) -> None:
    """Numbers and times are no tokens."""
    logging.getLogger("bot").info("update 12345678: chat 7 at 10:20:30, 100%% of %d", 5)
    assert "INFO bot: update 12345678: chat 7 at 10:20:30, 100% of 5\n" in log.getvalue()


def test_a_client_at_work(log: io.StringIO) -> None:
    """python-telegram-bot and httpx write neither the token nor what people say."""

    async def main() -> None:
        async with FakeBotAPI() as api, client(api) as bot:
            await bot.send_message(7, "private words")
            await api.stop()
            error = await failure(bot.send_message(7, "private words"))
            logging.getLogger("bot").error("send failed", exc_info=error)
            assert api.token not in log.getvalue()
            assert "private words" not in log.getvalue() and "ConnectError" in log.getvalue()

    asyncio.run(main())


def test_an_uncaught_exception() -> None:
    """It ends the process with a traceback in the log, without the token."""
    program = (
        f"from bot.log import set_up; set_up(); raise RuntimeError('https://x/bot{TOKEN}/getMe')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1 and TOKEN not in done.stderr
    assert "CRITICAL bot: the bot ends" in done.stderr
    assert f"RuntimeError: https://x/bot{MARK}/getMe" in done.stderr


def test_libraries_that_are_loud_say_only_what_is_wrong(log: io.StringIO) -> None:
    for name in ("faiss.loader", "httpx", "telegram.ext"):
        logging.getLogger(name).info("Could not load library due to: ModuleNotFoundError")
        logging.getLogger(name).warning("%s is at its end", name)
    assert "ModuleNotFoundError" not in log.getvalue()
    assert log.getvalue().count("is at its end") == 3
