"""Places for requests in flight, given in the order in which they were asked for."""

import asyncio
from collections import deque


class Places:
    """So many places; who comes when none is free waits in line. `count` may be set again."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._taken = 0
        self._line: deque[asyncio.Future[None]] = deque()

    async def take(self, seconds: float) -> None:
        """Wait for a place; raise TimeoutError when there is none for so long."""
        if self._taken < self.count:
            self._taken += 1
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._line.append(turn)
        timer = loop.call_later(seconds, _give_up, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.give()
            raise
        finally:
            timer.cancel()

    def give(self) -> None:
        """Free a place, and let those in line have what is free."""
        self._taken -= 1
        while self._line and self._taken < self.count:
            turn = self._line.popleft()
            if not turn.done():
                self._taken += 1
                turn.set_result(None)


def _give_up(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_exception(TimeoutError())
