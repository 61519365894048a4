"""Who is answered when: the questions wait in the store, and only those at work are in memory.

A person is answered in the order of asking, one at a time; so many answers are written at once as
the model server takes. Showing an answer needs no place at the server.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bot.questions.answers import Answers
from bot.questions.notifier import EVERY, Notify, QueueNotifier
from bot.store.store import StoreBusy
from bot.waiting import set_within

AT_WORK = 64  # answers written or shown at a time, at the least
BUSY_PAUSE = 1.0  # seconds until the store is tried again that another program holds
CLOCK_SET = 2.0  # seconds that the clock loses at once when it was set back
log = logging.getLogger(__name__)

Work = Callable[[int, Callable[[], None]], Awaitable[None]]


class Queue:
    """Starts the work on answers. `work` is given the number and what gives its place back.

    `places` tells how many answers may be written now.
    """

    def __init__(
        self,
        answers: Answers,
        work: Work,
        notify: Notify,
        places: Callable[[], int],
        clock: Callable[[], float] = time.time,
        pace: float = 1,
    ) -> None:
        self._answers = answers
        self._work = work
        self._places = places
        self._clock = clock
        self._pace = pace
        self._notifier = QueueNotifier(answers, notify, pace)
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by person
        self._writing: set[int] = set()
        self._changed = asyncio.Event()
        self._closing = False
        self._error: BaseException | None = None

    @property
    def writing(self) -> int:
        return len(self._writing)

    async def run(self) -> None:
        """Start whatever is ready, for ever; raises what the work raises."""
        since = self._clock() - time.monotonic()
        while not self._error:
            self._changed.clear()
            # One moment for all, so that nothing that falls due between them is overlooked.
            now = self._clock()
            before, since = since, now - time.monotonic()
            if before - since > CLOCK_SET:
                self._answers.clock_set_back(before - since)
            self._start_ready(now)
            if not self._closing:
                self._notifier.look(self._writing)
            due = self._answers.next_due(now)
            sleep = self._pace * EVERY if due is None else min(self._pace * EVERY, due - now)
            await set_within(self._changed, max(0.05, sleep))
        raise self._error

    def asked(self, number: int) -> None:
        """A new question is in the store: begin with it, or say that it has to wait."""
        self._notifier.asked(number)
        self.wake()

    def wake(self) -> None:
        """Something in the store changed: look for work."""
        self._changed.set()

    async def close(self, seconds: float) -> None:
        """Start nothing more, wait so long for what is at work, and break the rest off."""
        self._closing = True
        tasks = [*self._tasks.values(), *self._notifier.telling]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _start_ready(self, now: float) -> None:
        places = self._places()
        room = max(AT_WORK, 2 * places) - len(self._tasks)
        free = places - len(self._writing)
        if self._closing or room <= 0:
            return
        ready: Sequence[tuple[int, int]] = ()
        if free > 0:
            ready = self._answers.ready(now, self._tasks, min(room, free), only_final=False)
        else:
            ready = self._answers.ready(now, self._tasks, room, only_final=True)
        for number, user in ready:
            self._writing.add(number)
            self._tasks[user] = task = asyncio.ensure_future(self._run(number))
            task.add_done_callback(partial(self._ended, user))

    async def _run(self, number: int) -> None:
        await self._notifier.told(number)

        def release() -> None:
            self._writing.discard(number)
            self.wake()

        try:
            await self._work(number, release)
        except StoreBusy as error:  # the store is as before: so is the work to be done
            log.warning("answer %d: %s", number, error.message)
            await asyncio.sleep(self._pace * BUSY_PAUSE)
        finally:
            release()

    def _ended(self, user: int, task: "asyncio.Task[None]") -> None:
        del self._tasks[user]
        self.wake()
        if not task.cancelled():
            self._error = self._error or task.exception()
