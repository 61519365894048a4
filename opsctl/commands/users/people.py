"""The bot's people, for commands."""

from typing import TYPE_CHECKING

from assistant.settings import Settings

if TYPE_CHECKING:
    from bot.people import People


def open_people(config: Settings) -> "People":
    """The people in the bot's memory, which is made where there is none."""
    from bot.people import People
    from bot.store import Store

    return People(Store(config.bot_database))
