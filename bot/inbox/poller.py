"""Asks Telegram for updates. What came is on the disk before Telegram is told that it arrived."""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.base.metrics import Metrics
from bot.store.store import Store, StoreBusy
from bot.telegram.connections import DEAF, Connections
from bot.telegram.diagnosis import Diagnosis
from bot.telegram.limits import ban_seconds
from bot.telegram.line import Line
from core.errors import UserError

KINDS = ("message", "callback_query")
LONG_POLL = 25  # seconds for which Telegram holds a poll that has nothing to tell
READ = 10.0  # seconds beyond that until the poll counts as lost
SLOWEST = 30.0  # seconds between two polls that fail
CONFLICTS = 6  # so many in CONFLICT_SECONDS: somebody else polls for good
CONFLICT_SECONDS = 180.0
CONFLICT_PAUSE = 1.5
CONTEST = 60.0  # seconds after one in which the other program is thought to be there
PASSING = (TelegramError, asyncio.TimeoutError, StoreBusy)
log = logging.getLogger(__name__)


class Poller:
    """Polls with connections of its own. `heard` is called when there are new updates."""

    def __init__(
        self,
        token: str,
        api_url: str,
        line: Line,
        store: Store,
        metrics: Metrics,
        heard: Callable[[], None],
        long_poll: int = LONG_POLL,
        deaf: float = DEAF,
        read: float = READ,
        pace: float = 1,
    ) -> None:
        self._line = line
        self._store = store
        self._metrics = metrics
        self._heard = heard
        self._long_poll = long_poll
        self._read = read
        self._pace = pace
        self._method = f"{api_url}{token}/"
        self._request = Connections(
            line,
            lambda: metrics.failed("deaf"),
            deaf,
            connection_pool_size=2,
            pool_timeout=5,
            read_timeout=read,
        )
        self._last_good = time.monotonic()
        self._conflicts: deque[float] = deque(maxlen=CONFLICTS)
        self._contested: Diagnosis | None = None
        self._offset: int | None = None
        self._failures = 0
        self.trouble: Diagnosis | None = None  # why the last poll was not answered, or a conflict
        self.polled = False  # once Telegram has answered a poll

    @property
    def age(self) -> float:
        """Seconds since Telegram answered a poll, or since the start."""
        return time.monotonic() - self._last_good

    async def run(self) -> None:
        """Poll, for ever. Raises UserError when another program polls for the same bot."""
        try:
            while True:
                await asyncio.sleep(await self._poll())
        finally:
            await self._request.shutdown()

    async def _poll(self) -> float:
        """Poll once; the seconds to wait until the next one."""
        try:
            # PTB's own timeouts end before this one, unless its pool hangs.
            async with asyncio.timeout(self._long_poll + 3 * self._read):
                await self._get_updates()
        except RetryAfter as error:
            self._metrics.failed("poll RetryAfter")
            return ban_seconds(error) + 0.2
        except Conflict:
            await self._conflict()
            return self._pace * CONFLICT_PAUSE
        except Exception as error:
            if isinstance(error, UserError) and not isinstance(error, StoreBusy):
                raise
            self.trouble = self._request.trouble
            if isinstance(error, TimeoutError):
                self.trouble = self._line.diagnose(error)
            # Also InvalidToken, whose text holds the token: a proxy's hiccup looks the same.
            level = logging.ERROR if isinstance(error, InvalidToken) else logging.WARNING
            unknown = not isinstance(error, PASSING)
            log.log(level, "poll: %s", self.trouble or type(error).__name__, exc_info=unknown)
            self._metrics.failed(f"poll {type(error).__name__}")
        else:
            self._last_good = time.monotonic()
            self._failures = 0
            self.polled, self.trouble = True, self._contest()
            return 0
        self._failures += 1
        return self._pace * min(SLOWEST, 0.5 * 2.0 ** min(self._failures, 8))

    async def _get_updates(self) -> None:
        updates = await self._ask()
        rows = [row for update in updates if (row := _row(update))]
        if updates and not rows:
            raise NetworkError("a reply without updates")
        self._metrics.polled(len(updates))
        if not rows:
            return
        new = self._store.receive(rows)
        self._offset = max(number for number, _ in rows) + 1
        if new:
            self._heard()

    async def _ask(self) -> list[Any]:
        """The updates as Telegram wrote them: one in an unknown form must not stop the rest."""
        # A short poll until one is answered, so that it is known at once that Telegram is there.
        seconds = self._long_poll if self.polled and not self._failures else 0
        asked = {"timeout": seconds, "allowed_updates": json.dumps(KINDS)}
        if self._offset is not None:
            asked["offset"] = self._offset
        url = f"{self._method}getUpdates?{urlencode(asked)}"
        try:
            updates = await self._request.post(url, read_timeout=self._read + seconds)
        except (LookupError, TypeError):
            updates = None
        if not isinstance(updates, list):
            raise NetworkError("a reply without updates")
        return updates

    def _contest(self) -> Diagnosis | None:
        """A conflict of a moment ago: of two programs that poll, each is answered now and then."""
        if self._conflicts and time.monotonic() - self._conflicts[-1] < self._pace * CONTEST:
            return self._contested
        return None

    async def _conflict(self) -> None:
        """Take a webhook away, or find out that somebody else polls for good."""
        self._metrics.failed("poll Conflict")
        trouble = self.trouble = self._request.trouble
        log.warning("poll: %s", trouble)
        assert trouble
        if trouble.cause == "webhook":
            with suppress(TelegramError):
                await self._request.post(f"{self._method}deleteWebhook")
            return
        now = time.monotonic()
        self._conflicts.append(now)
        self._contested = trouble
        if len(self._conflicts) == CONFLICTS and now - self._conflicts[0] < CONFLICT_SECONDS:
            raise UserError(trouble.sentence, trouble.fix)


def _row(update: Any) -> tuple[int, str] | None:
    """An update as the store takes it; None for what has no number and cannot be kept."""
    number = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(number, int) or not 0 <= number < 2**63:
        log.error("an update without a number")
        return None
    # ASCII only: half of a surrogate pair, which JSON can hold, has no form in UTF-8.
    return number, json.dumps(update)
