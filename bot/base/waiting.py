"""Waiting with a limit of time.

asyncio.wait_for loses a cancellation that comes at the moment of the result (before Python 3.12):
a loop around it would go on for ever after it was told to end.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Awaitable[T]) -> T:
    """The result of the work; raises asyncio.TimeoutError, and breaks it off, if it takes longer.

    Broken off itself, it breaks the work off too and waits for the end of that.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        raise
    if done:
        return task.result()
    task.cancel()
    await asyncio.wait({task})
    raise TimeoutError


async def happens(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event, so long at the most; tell whether it happened."""
    try:
        await within(seconds, event.wait())
    except TimeoutError:
        return False
    return True
