"""The answer as it grows, shown by edits of one message: the newest text wins, failures pass."""

import asyncio
import logging
import time

from bot.messages.messages import quoted_parts
from bot.messages.parts import Part
from bot.telegram.errors import Banned, SendingError, Unreachable
from bot.telegram.sending import Buttons, Sender
from bot.waiting import set_within

PRIVATE_PACE = 1.2  # seconds between two edits
GROUP_PACE = 4.0  # a group takes 20 messages a minute, from all of us
SLOWEST = 5.0
SLOWER = 1.5
SHORT_BAN = 5.0  # seconds; after a longer one there are no more previews
SHOWN = 3900  # UTF-16 units; what is longer is not shown before it is whole
log = logging.getLogger(__name__)


class Preview:
    """Edits one message. `unconfirmed` tells that an edit may still be on its way after `close`."""

    def __init__(
        self, sender: Sender, chat: int, message: int, buttons: Buttons, pace: float = 1
    ) -> None:
        self._sender = sender
        self._where = (chat, message)
        self._buttons = buttons
        self._pace = pace * (PRIVATE_PACE if chat > 0 else GROUP_PACE)
        self._slowest = max(self._pace, pace * SLOWEST)
        self._text = ""
        self._fresh = asyncio.Event()
        self._closing = asyncio.Event()
        self._task = asyncio.ensure_future(self._run())
        self.unconfirmed = False

    def show(self, text: str) -> None:
        """Show this text when it is time for the next edit."""
        self._text = text
        self._fresh.set()

    async def close(self) -> None:
        """Make no more edits; the one that is under way ends first. Raises nothing."""
        self._closing.set()
        self._fresh.set()
        await asyncio.wait({self._task})
        if error := self._task.exception():
            log.error("a preview failed", exc_info=error)

    def abandon(self) -> None:
        """Make no more edits and wait for nothing."""
        self.unconfirmed = True
        self._task.cancel()

    async def _run(self) -> None:
        shown = None
        while not self._closing.is_set():
            await set_within(self._closing, self._pace)
            await self._fresh.wait()
            self._fresh.clear()
            part = _head(self._text)
            if self._closing.is_set() or part is None or part == shown:
                continue
            if not await self._edit(part):
                return
            shown = part

    async def _edit(self, part: Part) -> bool:
        """Edit once; False where no further edit makes sense."""
        begun = time.monotonic()
        try:
            await self._sender.edit(
                *self._where,
                part.text,
                entities=part.entities,
                buttons=self._buttons,
                preview=True,
            )
        except Banned as error:
            self._slow_down()
            return error.seconds <= SHORT_BAN
        except Unreachable:
            self.unconfirmed = True
            self._slow_down()
        except ValueError:  # a text that Telegram takes in no form: the next one may be better
            self._slow_down()
        except SendingError:
            return False
        if time.monotonic() - begun > self._pace:
            self._slow_down()
        return True

    def _slow_down(self) -> None:
        self._pace = min(self._pace * SLOWER, self._slowest)


def _head(text: str) -> Part | None:
    """As much of the text as a message takes; None if nothing in it can be seen."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) > 2 * SHOWN:
        text = units[: 2 * SHOWN].decode("utf-16-le", "ignore") + " …"
    return next(iter(quoted_parts(text)), None)
