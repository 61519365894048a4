"""Whether the model server would answer people now, found out by asking it as they would."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.server.connect import connect_to
from assistant.server.errors import ServerBusy, ServerError
from assistant.server.types import Limits, Message

if TYPE_CHECKING:
    from core.settings import Settings

# A server at work takes longer for a word than its health does; one that takes no word at all in
# this time is busy.
SECONDS = 10.0


@dataclass(frozen=True)
class State:
    """`fault` is the kind of the error with which it does not answer, "" where it does."""

    fault: str = ""
    reason: str = ""
    fix: str = ""
    limits: Limits | None = None


def look(config: "Settings") -> State:
    """Ask for a word on the route that answers people, with their key, model and adapter."""
    return asyncio.run(_look(config))


async def _look(config: "Settings") -> State:
    limits = None
    async with connect_to(config, 2 * SECONDS, is_patient=False) as server:
        try:
            await server.health()
            limits = await server.limits()
            async with asyncio.timeout(SECONDS):
                async for _ in server.stream([Message("user", "?")], 1):
                    pass
        except TimeoutError:
            busy = f"it answers no question within {SECONDS:g} s, and lives"
            return State(ServerBusy.__name__, busy, ServerBusy.advice, limits)
        except ServerError as error:
            return State(type(error).__name__, error.message, error.hint, limits)
        return State(limits=limits)
