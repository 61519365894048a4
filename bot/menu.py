"""The menu of commands and the descriptions that Telegram shows, set when they changed."""

import hashlib
import logging

from telegram import Bot, BotCommandScopeChat
from telegram.error import TelegramError

from bot.store import Store
from bot.texts import EN, RU

log = logging.getLogger(__name__)


async def set_menu(bot: Bot, store: Store, admins: frozenset[int]) -> None:
    """Tell Telegram the commands and descriptions, once for each version of them."""
    version = hashlib.sha256(repr((RU, EN, sorted(admins))).encode()).hexdigest()
    if store.meta("menu") == version:
        return
    try:
        for words, language in ((EN, ""), (RU, "ru")):
            await bot.set_my_commands(words.commands, language_code=language)
            await bot.set_my_description(words.description, language_code=language)
            await bot.set_my_short_description(words.short_description, language_code=language)
            for admin in sorted(admins):
                scope = BotCommandScopeChat(admin)
                commands = words.commands + words.admin_commands
                await bot.set_my_commands(commands, scope, language_code=language)
    except TelegramError as error:
        log.warning("the menu is not set: %s", type(error).__name__)
    else:
        store.set_meta("menu", version)
