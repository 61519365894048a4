"""A real bot process that talks to the fake Bot API of the test.

Its clocks run twenty times as fast as the product's, and so does the fake's flood control. It is
forked from a process that has imported the bot, which takes longer than most tests.
"""

import asyncio
import json
import multiprocessing
import os
import signal
import sqlite3
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine
from contextlib import closing, suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from tests.bot import run_bot
from tests.fakes.bot_api import FakeBotAPI
from tests.forked import COVERAGE

FORKS = multiprocessing.get_context("forkserver")
LATER = ("anyio._backends._asyncio", "h11", "httpcore", "razdel")  # what a bot imports when at work
ADMIN = 1
PACE = 0.05
ORPHANS = ("…", "⏳")  # how a placeholder without an answer begins


class BotProcess:
    """One bot with its files in `folder`; may be started again after its end."""

    pace = PACE

    def __init__(self, folder: Path, api: FakeBotAPI, state: Path, **config: Any) -> None:
        if api.flood.speed:
            api.flood.speed = 1 / self.pace
        self.api = api
        self.folder = folder
        self.log = folder / "bot.log"
        self.database = folder / "bot.sqlite"
        settings = {
            "documents": str(state / "documents"),
            "state": str(state),
            "embedder": "builtin",
            "engine": "extractive",
            "threshold": 0,
            **config.pop("settings", {}),
        }
        self.config = {
            "telegram_token": api.token,
            "telegram_api_url": api.url,
            "settings": settings,
            "database": str(self.database),
            "lock": str(folder / "bot.lock"),
            "allowed_users": list(range(1, 1000)),
            "admins": [ADMIN],
            "health_port": 0,
            "questions_per_minute": 1000,
            "questions_per_day": 1000,
            "pace": self.pace,
            **config,
        }
        self._pid = 0
        self._ended: asyncio.Task[int] | None = None

    async def __aenter__(self) -> "BotProcess":
        await self.start()
        return self

    async def __aexit__(self, *reason: object) -> None:
        if COVERAGE:  # a killed program leaves no word of the lines it ran
            self._signal(signal.SIGTERM)
            with suppress(asyncio.TimeoutError):
                await self.ended(10)
        await self.kill()

    async def start(self) -> None:
        """Start it, and wait for nothing."""
        path = self.folder / "config.json"
        path.write_text(json.dumps(self.config))
        self.log.touch()
        self._pid, ended = await self._begin(path)
        self._ended = asyncio.ensure_future(ended)

    async def kill(self) -> None:
        """SIGKILL, if it is still there."""
        self._signal(signal.SIGKILL)
        await self.ended()

    async def terminate(self) -> int:
        """SIGTERM, and its exit code."""
        self._signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self, seconds: float = 60) -> int:
        """Its exit code, when it ends."""
        assert self._ended
        return await asyncio.wait_for(asyncio.shield(self._ended), seconds)

    def said(self) -> str:
        """Its log."""
        return self.log.read_text()

    async def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page of its health server."""
        await eventually(lambda: "health: http://" in self.said())
        at = self.said().rpartition("health: ")[2].split("/healthz")[0]
        return await asyncio.to_thread(_get, at + path)

    async def health(self) -> dict[str, Any]:
        """What /healthz says."""
        state: dict[str, Any] = json.loads((await self.get("/healthz"))[1])
        return state

    def rows(self, sql: str, *values: object) -> list[Any]:
        """Rows of its file, read beside it."""
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            return connection.execute(sql, values).fetchall()

    def replies(self, chat: int) -> list[str]:
        """The messages of the bot in a chat as they read now, without placeholders."""
        return [text for text in self.all_replies(chat) if not text.startswith(ORPHANS)]

    def all_replies(self, chat: int) -> list[str]:
        """The messages of the bot in a chat as they read now."""
        return [
            message["text"]
            for message in self.api.messages(chat)
            if message["from"]["is_bot"] and not message.get("deleted")
        ]

    async def replied(self, chat: int, count: int = 1, seconds: float = 60) -> list[str]:
        """The answers of a chat as soon as there are so many whole ones."""
        await self.api.until(lambda: len(self.finished(chat)) >= count, seconds)
        return self.finished(chat)

    def finished(self, chat: int) -> list[str]:
        """Texts of messages that are no placeholder and not being written (no stop button)."""
        return [
            message["text"]
            for message in self.api.messages(chat)
            if message["from"]["is_bot"]
            and not message.get("deleted")
            and not message["text"].startswith(ORPHANS)
            and "stop:" not in json.dumps(message.get("reply_markup", {}))
        ]

    async def _begin(self, config: Path) -> tuple[int, Coroutine[Any, Any, int]]:
        """Its pid, and what waits for its exit code."""
        FORKS.set_forkserver_preload(["__main__", run_bot.__name__, *LATER])
        process = FORKS.Process(target=run_bot.forked, args=(config, self.log))
        process.start()
        assert process.pid
        return process.pid, _ended(process)

    def _signal(self, number: int) -> None:
        if self._ended and not self._ended.done():
            with suppress(ProcessLookupError):
                os.kill(self._pid, number)


class RealBot(BotProcess):
    """A bot that is started from nothing, and whose clocks have the product's own pace."""

    pace = 1.0

    async def _begin(self, config: Path) -> tuple[int, Coroutine[Any, Any, int]]:
        argv = [sys.executable, "-W", "error", run_bot.__file__, str(config)]
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(*argv, stdout=log, stderr=log)
        return process.pid, process.wait()


# For tests of what a clock drives: with --full, they are done in real time, too.
BOTH = pytest.mark.parametrize("kind", [BotProcess, pytest.param(RealBot, marks=pytest.mark.slow)])


async def settled(bot: BotProcess) -> None:
    """Wait until no answer is at work: one that can be read may not be marked as done yet."""
    await eventually(lambda: bot.rows("SELECT 1 FROM answer WHERE state != 'done'") == [])


async def eventually(happened: Callable[[], object], seconds: float = 60) -> None:
    """Wait until it is so, for what the fake is not told of. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"did not happen in {seconds} s")
        await asyncio.sleep(0.02)


async def _ended(process: ForkServerProcess) -> int:
    """The exit code of a forked process."""
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process.sentinel, gone.set)
    await gone.wait()
    loop.remove_reader(process.sentinel)
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
