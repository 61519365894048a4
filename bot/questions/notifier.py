"""Tells those who wait how many answers are before theirs, at once and when that has changed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Container

from bot.questions.answers import Answers

MOST_NOTICES = 500  # messages of this kind being sent
EVERY = 10.0  # seconds between two looks at who has moved
GROUP_EVERY = 60.0  # for the same message in a group, which takes 20 a minute from all of us
AT_ONCE = 10  # messages changed after one look
LOOKED_AT = 200  # places from the front

Notify = Callable[[int, int], Awaitable[None]]


class QueueNotifier:
    """`notify` is given a number and how many are before it; one at a time for each number."""

    def __init__(self, answers: Answers, notify: Notify, pace: float) -> None:
        self._answers = answers
        self._notify = notify
        self._every, self._group_every = pace * EVERY, pace * GROUP_EVERY
        self._new: list[int] = []
        self._told: dict[int, tuple[int, float]] = {}  # how many, and when
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._looked = time.monotonic()

    def asked(self, number: int) -> None:
        """A new question: the next look tells it that it waits, if it does then."""
        self._new.append(number)

    def look(self, at_work: Container[int]) -> None:
        """Tell the new ones, and from time to time those in front that have moved."""
        new, self._new = self._new, []
        for number in new:
            ahead = self._answers.ahead_of(number)
            if ahead and number not in at_work and len(self._tasks) < MOST_NOTICES:
                self._tell(number, ahead)
        if time.monotonic() - self._looked > self._every:
            self._looked = time.monotonic()
            for number, ahead in self._moved(at_work)[:AT_ONCE]:
                self._tell(number, ahead)

    @property
    def telling(self) -> list["asyncio.Task[None]"]:
        """What is being sent."""
        return list(self._tasks.values())

    async def told(self, number: int) -> None:
        """Wait for the message to this number that is under way."""
        if task := self._tasks.get(number):
            await asyncio.wait({task})

    def _moved(self, at_work: Container[int]) -> list[tuple[int, int]]:
        rows = self._answers.waiting(LOOKED_AT)
        known = {number: self._told.get(number, (0, 0.0)) for number, _, _ in rows}
        self._told = {number: told for number, told in known.items() if told[0]}
        now = time.monotonic()
        return [
            (number, ahead)
            for ahead, (number, chat, due) in enumerate(rows)
            if ahead and number not in at_work
            if due <= time.time() and ahead != known[number][0]
            if chat > 0 or now - known[number][1] > self._group_every
        ]

    def _tell(self, number: int, ahead: int) -> None:
        if number in self._tasks:
            return
        self._told[number] = ahead, time.monotonic()
        self._tasks[number] = task = asyncio.ensure_future(self._notify(number, ahead))
        task.add_done_callback(lambda _: self._tasks.pop(number, None))
