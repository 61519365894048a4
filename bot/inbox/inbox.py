"""From the inbox to the handlers: in order, in batches, and never more in memory than a batch."""

import asyncio
import json
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import islice

from telegram import Update

from bot.base.metrics import Metrics
from bot.store.store import Store, StoreBusy, StoreError
from bot.telegram.errors import SendingError

BATCH = 100
FOLLOW_UPS = 64  # updates whose messages are being sent
FOLLOW_UPS_OF_ONE = 5  # of one person; what comes then is left without a reply
BUSY_PAUSE = 1.0  # seconds until the store is tried again that another program holds
log = logging.getLogger(__name__)


@dataclass
class Result:
    """What an update leads to, beside what is in the store.

    `after_commit` is called as soon as that is on the disk. `follow_ups` send messages; until
    they are done, the update counts as not dealt with, and is handled again after a crash.
    """

    after_commit: list[Callable[[], None]] = field(default_factory=list)
    follow_ups: list[Callable[[], Awaitable[object]]] = field(default_factory=list)
    user: int = 0


class Inbox:
    """Deals with the updates. `handle` may be called twice for one, and must not mind."""

    def __init__(
        self,
        store: Store,
        handle: Callable[[int, Update], Result],
        metrics: Metrics,
        pace: float = 1,
    ) -> None:
        self._store = store
        self._handle = handle
        self._metrics = metrics
        self._busy_pause = pace * BUSY_PAUSE
        self._arrived = asyncio.Event()
        self._after = 0
        self._later: deque[int] = deque()  # handled again when there is room for their follow-ups
        self._tasks: set[asyncio.Task[None]] = set()
        self._users: Counter[int] = Counter()
        self._error: BaseException | None = None

    def wake(self) -> None:
        self._arrived.set()

    async def run(self) -> None:
        while not self._error:
            self._arrived.clear()
            try:
                results = self._batch(rows) if (rows := self._next()) else []
            except StoreBusy as error:
                log.warning("inbox: %s", error.message)
                await asyncio.sleep(self._busy_pause)
                continue
            self._taken(rows)
            for number, result in results:
                for step in result.after_commit:
                    step()
                if result.follow_ups:
                    self._send(number, result)
            if rows:
                await asyncio.sleep(0)
            else:
                await self._arrived.wait()
        raise self._error

    async def close(self, seconds: float) -> None:
        """Wait so long for messages that are being sent; the rest is done after the next start."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _next(self) -> list[tuple[int, str]]:
        """The updates to deal with now: those that had to wait for room come first."""
        room = FOLLOW_UPS - len(self._tasks)
        if self._later and room > 0:
            return self._store.bodies(list(islice(self._later, room)))
        return self._store.pending(self._after, BATCH)

    def _taken(self, rows: list[tuple[int, str]]) -> None:
        for number, _ in rows:
            if number > self._after:
                self._after = number
            else:
                self._later.remove(number)

    def _batch(self, rows: list[tuple[int, str]]) -> list[tuple[int, Result]]:
        """Handle the updates in one transaction, as if each were alone. Raises StoreError."""
        results = []
        with self._store.transaction():
            # Read again: before this began, another process may have erased some of them.
            for number, body in self._store.bodies([number for number, _ in rows]):
                try:
                    with self._store.attempt():
                        update = Update.de_json(json.loads(body), None)
                        results.append((number, self._handle(number, update)))
                except StoreError:  # not the update's fault
                    raise
                except Exception:
                    log.exception("update %d of the inbox cannot be handled", number)
                    self._metrics.failed("update")
                    results.append((number, Result()))
            self._store.dealt_with([number for number, result in results if not result.follow_ups])
        return results

    def _send(self, number: int, result: Result) -> None:
        if self._users[result.user] >= FOLLOW_UPS_OF_ONE:
            result.follow_ups.clear()
        elif len(self._tasks) >= FOLLOW_UPS:
            self._later.append(number)
            return
        self._users[result.user] += 1
        task = asyncio.ensure_future(self._follow_up(number, result))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _follow_up(self, number: int, result: Result) -> None:
        try:
            for follow_up in result.follow_ups:
                try:
                    await follow_up()
                except SendingError as error:
                    log.warning("reply to update %d: %s", number, error)
                    self._metrics.failed(type(error).__name__)
                except StoreBusy as error:
                    log.warning("reply to update %d: %s", number, error.message)
                except StoreError:
                    raise
                except Exception:
                    log.exception("reply to update %d", number)
                    self._metrics.failed("reply")
            await self._sent(number)
        finally:
            self._users[result.user] -= 1
            if not self._users[result.user]:
                del self._users[result.user]

    async def _sent(self, number: int) -> None:
        while True:
            try:
                return self._store.dealt_with([number])
            except StoreBusy:
                await asyncio.sleep(self._busy_pause)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            self._error = self._error or task.exception()
        self.wake()
