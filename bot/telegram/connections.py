"""Connections to Telegram that are made again when nothing is answered any more."""

import logging
import time
from collections.abc import Callable
from typing import Any

import httpx
from telegram.request import BaseRequest, HTTPXRequest

from bot.telegram.diagnosis import Diagnosis
from bot.telegram.line import Line

DEAF = 90.0  # seconds without an answer after which the connections are made again
NO_ROOM = 3  # requests in a row that found no free connection: those that there are may be lost
log = logging.getLogger(__name__)


class Connections(BaseRequest):
    """An HTTPXRequest that is replaced when its connections may all be dead without saying so.

    One whose request is cancelled at a bad moment is never free again (httpcore 1.0.9), and a
    proxy can take every request and answer none.
    """

    def __init__(
        self,
        line: Line,
        renewed: Callable[[], None],
        deaf: float = DEAF,
        connection_pool_size: int = 8,
        **settings: Any,
    ) -> None:
        """`settings` are those of HTTPXRequest; `renewed` is called when there is a new one."""
        self._line = line
        self._size = connection_pool_size
        self._renewed = renewed
        self._deaf = deaf
        self._settings = settings
        self.trouble: Diagnosis | None = None  # what is wrong, by the last reply or its absence
        self._pool = self._make()
        self._made = self._silent_since = self._last_failure = time.monotonic()
        self._no_room = 0

    @property
    def read_timeout(self) -> float | None:
        return self._pool.read_timeout

    @property
    def silence(self) -> float:
        """For how many seconds requests have been failing; 0 if none has of late."""
        lately = time.monotonic() - self._last_failure < self._deaf
        return self._last_failure - self._silent_since if lately else 0.0

    async def initialize(self) -> None:
        await self._pool.initialize()

    async def shutdown(self) -> None:
        await self._pool.shutdown()

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Status and body of the reply, as HTTPXRequest gives them."""
        silence = self._last_failure - max(self._made, self._silent_since)
        if self._no_room >= NO_ROOM or silence > self._deaf:
            await self._renew()
        pool, begun = self._pool, time.monotonic()
        try:
            code, reply = await pool.do_request(*args, **kwargs)
        except BaseException as error:
            self._failed(pool, begun, isinstance(error.__cause__, httpx.PoolTimeout))
            if isinstance(error, Exception):
                self.trouble = self._line.diagnose(error)
            raise
        self.trouble = self._line.diagnose_reply(code, reply)
        if code >= 500:
            self._failed(pool, begun)
        else:
            self._line.answered()
            self._silent_since, self._no_room = self._last_failure, 0
        return code, reply

    def _failed(self, pool: HTTPXRequest, begun: float, no_room: bool = False) -> None:
        if self._silent_since == self._last_failure:
            self._silent_since = begun
        self._last_failure = time.monotonic()
        if no_room and pool is self._pool:
            self._no_room += 1

    def _make(self) -> HTTPXRequest:
        transport = self._line.transport(self._size)
        return HTTPXRequest(**self._settings, httpx_kwargs={"transport": transport})

    async def _renew(self) -> None:
        log.warning("no request was answered for %.0f s: connecting again", self.silence)
        old, self._pool = self._pool, self._make()
        self._made, self._no_room = time.monotonic(), 0
        self._renewed()
        await old.shutdown()
