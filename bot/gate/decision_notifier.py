"""Tells people what was decided about them, here or by `opsctl users`, and asks what they asked."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bot.base.context import Context
from bot.gate.requests import Requests
from bot.store.store import StoreBusy
from bot.telegram.errors import Banned, SendingError, Unreachable
from bot.texts import texts_for
from bot.texts.about import with_notice
from bot.waiting import set_within

PAUSE = 2.0  # seconds between two looks
AT_ONCE = 20
log = logging.getLogger(__name__)


class DecisionNotifier:
    """Looks for people about whom something was decided since, for ever."""

    def __init__(
        self,
        context: Context,
        asked: Callable[[int], None],
        role_changed: Callable[[], Awaitable[None]],
    ) -> None:
        """`asked` is told the numbers of the questions that were kept, and are in the queue now."""
        self._config, self._sender = context.config, context.sender
        self._requests = Requests(context.store)
        self._asked = asked
        self._role_changed = role_changed
        self._pause = context.pace * PAUSE
        self._decided = asyncio.Event()

    def wake(self) -> None:
        self._decided.set()

    async def run(self) -> None:
        """Tell each of them; what Telegram does not take will be told later."""
        while True:
            self._decided.clear()
            with suppress(StoreBusy):
                todo = self._requests.to_tell()
                for at in range(0, len(todo), AT_ONCE):
                    await asyncio.gather(*(self._tell(*one) for one in todo[at : at + AT_ONCE]))
                if any(words.startswith("made_") for _, _, words in todo):
                    await self._role_changed()
            await set_within(self._decided, self._pause)

    async def _tell(self, user: int, language: str, words: str) -> None:
        try:
            text = getattr(texts_for(language), words)
            if words == "let_in":
                text = with_notice(text, self._config)
            await self._sender.send(user, text)
        except (Banned, Unreachable):
            return
        except SendingError as error:
            log.info("person %d could not be told of the decision: %s", user, type(error).__name__)
        for number in self._requests.told(user, words):
            self._asked(number)
