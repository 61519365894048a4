"""Tells people that they were let in, which happens in another process: `opsctl users approve`."""

import asyncio
import logging
from contextlib import suppress

from bot.about import with_notice
from bot.config import BotConfig
from bot.people import People
from bot.store import StoreBusy
from bot.texts import texts_for
from bot.transport.sending import Banned, Sender, SendingError, Unreachable

PAUSE = 2.0  # seconds between two looks
log = logging.getLogger(__name__)


class Welcome:
    """Looks for people who were approved since, for ever."""

    def __init__(self, config: BotConfig, people: People, sender: Sender) -> None:
        self._config = config
        self._people = people
        self._sender = sender
        self._pause = config.pace * PAUSE

    async def run(self) -> None:
        """Tell each of them; what Telegram does not take is told later."""
        while True:
            with suppress(StoreBusy):
                for user, language in self._people.to_welcome():
                    await self._tell(user, language)
            await asyncio.sleep(self._pause)

    async def _tell(self, user: int, language: str) -> None:
        try:
            await self._sender.send(user, with_notice(texts_for(language).let_in, self._config))
        except (Banned, Unreachable):
            return
        except SendingError as error:
            log.info("person %d is not told of the approval: %s", user, type(error).__name__)
        self._people.welcomed(user)
