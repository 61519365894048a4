"""Who is answered when: the questions wait in the store, and only those at work are in memory.

A person is answered in the order of asking, one at a time; so many answers are written at once as
the server is to take. Showing an answer needs no place at the server.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bot.answers import Answers
from bot.waiting import happens

AT_WORK = 64  # answers written or shown at a time, at the least
GREETINGS = 500  # placeholders being sent for questions that wait
LONGEST_SLEEP = 60.0

Work = Callable[[int, Callable[[], None]], Awaitable[None]]
Greet = Callable[[int, int], Awaitable[None]]


class Queue:
    """Starts the work on answers. `work` is given the number and what gives its place back."""

    def __init__(self, answers: Answers, work: Work, greet: Greet, places: int) -> None:
        self._answers = answers
        self._work = work
        self._greet = greet
        self._places = places
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by person
        self._writing: set[int] = set()
        self._greetings: dict[int, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._closing = False
        self._error: BaseException | None = None

    @property
    def writing(self) -> int:
        """How many answers are being written."""
        return len(self._writing)

    async def run(self) -> None:
        """Start whatever is ready, for ever; raises what the work raises."""
        while not self._error:
            self._changed.clear()
            # One moment for both, lest what falls due between them be overlooked.
            now = time.time()
            self._start_ready(now)
            due = self._answers.next_due(now)
            sleep = LONGEST_SLEEP if due is None else min(LONGEST_SLEEP, due - time.time())
            await happens(self._changed, max(0.05, sleep))
        raise self._error

    def asked(self, number: int) -> None:
        """A new question is in the store: begin with it, or say that it has to wait."""
        self._start_ready(time.time())
        if number in self._writing or self._closing or len(self._greetings) >= GREETINGS:
            return
        answer = self._answers.get(number)
        if answer and answer.state == "waiting":
            greeting = self._greet(number, self._answers.ahead_of(number))
            self._greetings[number] = task = asyncio.ensure_future(greeting)
            task.add_done_callback(lambda _: self._greetings.pop(number, None))

    def wake(self) -> None:
        """Something in the store changed: look for work."""
        self._changed.set()

    async def close(self, seconds: float) -> None:
        """Start nothing more, wait so long for what is at work, and break the rest off."""
        self._closing = True
        tasks = [*self._tasks.values(), *self._greetings.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _start_ready(self, now: float) -> None:
        room = max(AT_WORK, 2 * self._places) - len(self._tasks)
        free = self._places - len(self._writing)
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
        if greeting := self._greetings.get(number):
            await asyncio.wait({greeting})

        def give_back() -> None:
            self._writing.discard(number)
            self.wake()

        try:
            await self._work(number, give_back)
        finally:
            give_back()

    def _ended(self, user: int, task: "asyncio.Task[None]") -> None:
        del self._tasks[user]
        self.wake()
        if not task.cancelled():
            self._error = self._error or task.exception()
