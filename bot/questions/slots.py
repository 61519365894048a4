"""How many answers are written at a time: as many as the model server takes, by its own word."""

import asyncio
from contextlib import suppress

from assistant.engines import Engine, served_by
from assistant.server.errors import ServerError

PATIENCE = 3.0  # seconds for a server that is asked before the first question


class Slots:
    """At most `most`; that many, too, while the server has not told its own number."""

    def __init__(self, engine: Engine, most: int) -> None:
        self._served = served_by(engine)
        self._most = most

    def count(self) -> int:
        """So many now: a server that was started again may take others."""
        told = self._served.server.slots if self._served else None
        return min(self._most, told or self._most)

    async def learn(self) -> None:
        """Ask the server, so that the first questions find a line to wait in."""
        if self._served:
            with suppress(ServerError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._served.server.health()  # raises at once where nobody listens
                    await self._served.server.limits()
