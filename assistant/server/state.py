"""Whether the model server would answer people now, found out by asking it as they would."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.server.connect import connect_to
from assistant.server.errors import ServerBusy
from assistant.server.types import Limits, Message
from core.errors import UserError

if TYPE_CHECKING:
    from core.settings import Settings

# A server at work takes longer for a word than its health does; one that takes no word at all in
# this time is busy.
SECONDS = 10.0


@dataclass(frozen=True)
class State:
    """`error` is why it does not answer, None where it does; `limits` are what it told of itself.

    A server that is busy lives, and answers later.
    """

    error: UserError | None = None
    limits: Limits | None = None

    @property
    def fault(self) -> str:
        """The kind of the error, "" where there is none."""
        return type(self.error).__name__ if self.error else ""

    @property
    def lives(self) -> bool:
        """Whether it answers, or will when it has a place."""
        return self.error is None or isinstance(self.error, ServerBusy)


def look(config: "Settings") -> State:
    """Ask for a word on the route that answers people, with their key, model and adapter."""
    return asyncio.run(examine(config))


async def examine(config: "Settings") -> State:
    """What `look` finds."""
    limits = None
    try:
        async with connect_to(config, 2 * SECONDS, is_patient=False) as server:
            await server.health()
            limits = await server.limits()
            async with asyncio.timeout(SECONDS):
                async for _ in server.stream([Message("user", "?")], 1):
                    pass
    except TimeoutError:
        advice = ServerBusy.advice_to_others
        busy = ServerBusy(f"it answers no question within {SECONDS:g} s, and lives", advice)
        return State(busy, limits)
    except UserError as error:
        return State(error, limits)
    return State(limits=limits)
