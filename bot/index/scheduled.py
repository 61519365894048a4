"""The index keeps itself up to date: after each period, by the bot's own clock."""

import asyncio
import logging
import time

from bot.index.indexing import Indexing
from bot.index.last_run import LastRun
from core.errors import Busy, UserError

SHORTEST_PAUSE = 30.0  # seconds, where a period is longer: another program writes the index
log = logging.getLogger(__name__)


class ScheduledIndexing:
    """Updates the index after every so many seconds; 0: never. Vectors left unmade are made."""

    def __init__(self, indexing: Indexing, last: LastRun, every: float) -> None:
        self._indexing = indexing
        self._last = last
        self._every = every

    async def run(self) -> None:
        """Do so for ever; a failure is logged once."""
        try:
            await self._indexing.resume()
        except UserError as error:
            log.warning("vectors cannot be made: %s", error.message)
        while self._every:
            await asyncio.sleep(self._pause())
            try:
                await self._indexing.update()
            except Busy:
                continue
            except UserError as error:
                if self._last.ended(error.message):
                    log.warning("the documents cannot be indexed: %s", error.message)
            else:
                self._last.ended()

    def _pause(self) -> float:
        """Seconds until the next run; a clock that was set back makes none longer."""
        due = self._last.read().ended + self._every - time.time()
        return min(self._every, max(min(self._every, SHORTEST_PAUSE), due))
