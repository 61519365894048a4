"""The menu of commands and the descriptions that Telegram shows, each set when it changed."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable
from contextlib import suppress

from telegram import Bot, BotCommandScopeChat
from telegram.error import BadRequest, TelegramError

from bot.people.people import Role
from bot.store.store import Store, StoreBusy
from bot.texts import EN, RU, Texts

PAUSE = 3600.0  # seconds until what failed is tried again
LANGUAGES = ((EN, ""), (RU, "ru"))
EVERYBODY = ""
log = logging.getLogger(__name__)


class Menu:
    """Everybody's menu, and one for each person with a role, who must have opened the bot before.

    `roles` gives these people.
    """

    def __init__(self, bot: Bot, store: Store, roles: Callable[[], dict[int, Role]]) -> None:
        self._bot = bot
        self._store = store
        self._roles = roles
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Set what is not set, now and each hour, for ever."""
        while True:
            with suppress(StoreBusy):
                await self.set()
            await asyncio.sleep(PAUSE)

    async def set(self) -> None:
        """Set what is not set as it should be; one failure does not prevent the rest."""
        async with self._turn:
            found: dict[str, str] = json.loads(self._store.meta("menus") or "{}")
            roles: dict[str, Role] = {EVERYBODY: "person"}
            roles |= {str(user): role for user, role in self._roles().items()}
            for whose in {**roles, **found}:
                version = _version(roles[whose]) if whose in roles else ""
                if found.get(whose, "") == version:
                    continue
                try:
                    await (self._set(whose, roles[whose]) if version else self._take(whose))
                except TelegramError as error:
                    name = type(error).__name__
                    log.warning("the menu of %s is not set yet: %s", whose or "everybody", name)
                    continue
                found[whose] = version
                self._store.set_meta("menus", json.dumps(found))

    async def _set(self, whose: str, role: Role) -> None:
        for words, language in LANGUAGES:
            if whose:
                commands, scope = _commands(words, role), BotCommandScopeChat(whose)
                await self._bot.set_my_commands(commands, scope, language_code=language)
                continue
            await self._bot.set_my_commands(words.commands, language_code=language)
            await self._bot.set_my_description(words.description, language_code=language)
            await self._bot.set_my_short_description(
                words.short_description, language_code=language
            )

    async def _take(self, whose: str) -> None:
        """Somebody has no role any more."""
        for _, language in LANGUAGES:
            try:
                scope = BotCommandScopeChat(whose)
                await self._bot.delete_my_commands(scope, language_code=language)
            except BadRequest as error:  # no such chat any more
                log.info("the menu of %s stays: %s", whose, error.message)


def _commands(words: Texts, role: Role) -> tuple[tuple[str, str], ...]:
    more = words.editor_commands if role in ("editor", "admin") else ()
    return words.commands + more + (words.admin_commands if role == "admin" else ())


def _version(role: Role) -> str:
    return hashlib.sha256(repr((role, RU, EN)).encode()).hexdigest()
