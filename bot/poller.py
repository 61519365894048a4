"""Asks Telegram for updates. What came is on the disk before Telegram is told that it arrived."""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.limits import ban_seconds
from bot.metrics import Metrics
from bot.store import Store
from bot.waiting import within
from indexer.errors import UserError

KINDS = ("message", "callback_query")
LONG_POLL = 25  # seconds for which Telegram holds a poll that has nothing to tell
READ = 10.0  # seconds beyond that until the poll counts as lost
DEAF = 90.0  # seconds without a good poll after which the connections are made anew
SLOWEST = 30.0  # seconds between two polls that fail
CONFLICTS = 6  # so many in CONFLICT_SECONDS: somebody else polls for good
CONFLICT_SECONDS = 180.0
CONFLICT_PAUSE = 1.5
log = logging.getLogger(__name__)


class _Request(HTTPXRequest):
    """Keeps the last reply as it came: one update that PTB can not read must not stop the rest."""

    def __init__(self, read: float) -> None:
        super().__init__(connection_pool_size=2, pool_timeout=5, read_timeout=read)
        self.reply = b"{}"

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        self.reply = b"{}"
        code, self.reply = await super().do_request(*args, **kwargs)
        return code, self.reply

    def updates(self) -> list[dict[str, Any]]:
        """The updates of the last reply."""
        try:
            result = json.loads(self.reply).get("result", [])
        except (ValueError, AttributeError):
            return []
        return result if isinstance(result, list) else []


class Poller:
    """Polls with connections of its own. `heard` is called when there are new updates."""

    def __init__(
        self,
        token: str,
        api_url: str,
        store: Store,
        metrics: Metrics,
        heard: Callable[[], None],
        long_poll: int = LONG_POLL,
        deaf: float = DEAF,
        read: float = READ,
    ) -> None:
        self._token = token
        self._api_url = api_url
        self._store = store
        self._metrics = metrics
        self._heard = heard
        self._long_poll = long_poll
        self._deaf = deaf
        self._read = read
        self._last_good = self._built = time.monotonic()
        self._conflicts: deque[float] = deque(maxlen=CONFLICTS)
        self._offset: int | None = None
        self._failures = 0
        self._build()

    @property
    def age(self) -> float:
        """Seconds since Telegram answered a poll."""
        return time.monotonic() - self._last_good

    async def run(self) -> None:
        """Poll, for ever. Raises UserError when another program polls for the same bot."""
        try:
            while True:
                pause = await self._poll()
                if time.monotonic() - max(self._last_good, self._built) > self._deaf:
                    await self._rebuild()
                await asyncio.sleep(pause)
        finally:
            await self._request.shutdown()

    async def _poll(self) -> float:
        """Poll once; the seconds to wait until the next one."""
        try:
            # PTB's own timeouts end before this one, unless its pool hangs.
            await within(self._long_poll + 3 * self._read, self._get_updates())
        except RetryAfter as error:
            self._metrics.failed("poll RetryAfter")
            return ban_seconds(error) + 0.2
        except Conflict:
            self._conflict()
            return CONFLICT_PAUSE
        except (TelegramError, asyncio.TimeoutError) as error:
            # Also InvalidToken, whose text holds the token: a proxy's hiccup looks the same.
            level = logging.ERROR if isinstance(error, InvalidToken) else logging.WARNING
            log.log(level, "poll: %s", type(error).__name__)
            self._metrics.failed(f"poll {type(error).__name__}")
        else:
            self._last_good = time.monotonic()
            self._failures = 0
            return 0
        self._failures += 1
        return min(SLOWEST, 0.5 * 2.0 ** min(self._failures, 8))

    async def _get_updates(self) -> None:
        try:
            await self._bot.get_updates(
                offset=self._offset, timeout=self._long_poll, allowed_updates=KINDS
            )
        except TelegramError:
            raise
        except Exception as error:  # PTB could not read one of them; the handlers will say which
            log.error("an update in a form that is not known: %s", type(error).__name__)
        updates = self._request.updates()
        self._metrics.polled(len(updates))
        if not updates:
            return
        numbers = [int(update["update_id"]) for update in updates]
        bodies = [json.dumps(update, ensure_ascii=False) for update in updates]
        new = self._store.receive(zip(numbers, bodies, strict=True))
        self._offset = max(numbers) + 1
        if new:
            self._heard()

    def _conflict(self) -> None:
        self._metrics.failed("poll Conflict")
        log.warning("poll: another program polls for this bot")
        now = time.monotonic()
        self._conflicts.append(now)
        if len(self._conflicts) == CONFLICTS and now - self._conflicts[0] < CONFLICT_SECONDS:
            raise UserError(
                "another program answers as this bot: Telegram lets only one of them listen",
                "stop the other one, or get a new token from @BotFather",
            )

    def _build(self) -> None:
        self._request = _Request(self._read)
        self._bot = Bot(self._token, self._api_url, get_updates_request=self._request)
        self._built = time.monotonic()

    async def _rebuild(self) -> None:
        """Give up the connections, which may all be dead without saying so."""
        log.warning("no poll was answered for %.0f s: connecting anew", self.age)
        self._metrics.failed("deaf")
        old = self._request
        self._build()
        await old.shutdown()
