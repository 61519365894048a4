"""From the inbox to the handlers: in order, in batches, and never more in memory than a batch."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from telegram import Update

from bot.metrics import Metrics
from bot.sending import SendingError
from bot.store import Store

BATCH = 100
ERRANDS = 64  # updates whose messages are being sent
ERRANDS_OF_ONE = 5  # of one person; what comes then is left without a reply
log = logging.getLogger(__name__)


@dataclass
class Effect:
    """What an update leads to, beside what is in the store.

    `now` is done as soon as that is on the disk. `errands` send messages; until they are done, the
    update counts as not dealt with, and is handled again after a crash.
    """

    now: list[Callable[[], None]] = field(default_factory=list)
    errands: list[Callable[[], Awaitable[object]]] = field(default_factory=list)
    user: int = 0


class Inbox:
    """Deals with the updates. `handle` may be called twice for one, and must not mind."""

    def __init__(
        self, store: Store, handle: Callable[[int, Update], Effect], metrics: Metrics
    ) -> None:
        self._store = store
        self._handle = handle
        self._metrics = metrics
        self._arrived = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._users: Counter[int] = Counter()

    def wake(self) -> None:
        """There are new updates."""
        self._arrived.set()

    async def run(self) -> None:
        """Deal with updates, for ever."""
        after = 0
        while True:
            self._arrived.clear()
            rows = self._store.pending(after, BATCH)
            if not rows:
                await self._arrived.wait()
                continue
            after = rows[-1][0]
            for number, effect in self._batch(rows):
                for step in effect.now:
                    step()
                if effect.errands:
                    await self._send(number, effect)
            await asyncio.sleep(0)

    async def close(self, seconds: float) -> None:
        """Wait so long for messages that are being sent; the rest is done after the next start."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _batch(self, rows: list[tuple[int, str]]) -> list[tuple[int, Effect]]:
        """Handle the updates in one transaction, as if each were alone."""
        effects = []
        with self._store.transaction():
            for number, body in rows:
                try:
                    with self._store.attempt():
                        update = Update.de_json(json.loads(body), None)
                        effects.append((number, self._handle(number, update)))
                except Exception:
                    log.exception("update %d of the inbox can not be handled", number)
                    self._metrics.failed("update")
                    effects.append((number, Effect()))
            self._store.dealt_with([number for number, effect in effects if not effect.errands])
        return effects

    async def _send(self, number: int, effect: Effect) -> None:
        if self._users[effect.user] >= ERRANDS_OF_ONE:
            self._store.dealt_with([number])
            return
        while len(self._tasks) >= ERRANDS:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        self._users[effect.user] += 1
        task = asyncio.ensure_future(self._errands(number, effect))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _errands(self, number: int, effect: Effect) -> None:
        try:
            for errand in effect.errands:
                try:
                    await errand()
                except SendingError as error:
                    log.warning("reply to update %d: %s", number, error)
                    self._metrics.failed(type(error).__name__)
                except Exception:
                    log.exception("reply to update %d", number)
                    self._metrics.failed("reply")
            self._store.dealt_with([number])
        finally:
            self._users[effect.user] -= 1
            if not self._users[effect.user]:
                del self._users[effect.user]
