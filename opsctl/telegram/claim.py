"""The first administrator: whoever sends the bot a code that only this terminal shows."""

from typing import TYPE_CHECKING

from core.settings import Settings

if TYPE_CHECKING:
    from bot.store.store import Store


def has_admin(config: Settings, store: "Store") -> bool:
    """Tell whether somebody is an administrator, by the settings or in the bot's memory."""
    from bot.people.people import People

    return bool(config.admins or People(store).with_role("admin"))


def claim_lines(config: Settings, store: "Store") -> list[str]:
    """How to become the administrator of a bot that has none; the same code until it is used."""
    from bot.gate.invites import Invites, in_groups, link

    invite = Invites(store).claim()
    lines = [
        "the bot has no administrator yet: the first who sends it this becomes one",
        f"  /start {in_groups(invite.secret)}",
    ]
    if name := store.username(config.telegram_token):
        lines.append(f"or opens {link(name, invite)}")
    return lines


def claim(config: Settings) -> list[str]:
    """The same where there is no administrator, and nothing where there is one."""
    from bot.store.store import Store

    store = Store(config.bot_database)
    try:
        return [] if has_admin(config, store) else claim_lines(config, store)
    finally:
        store.close()


def bot_name(config: Settings, store: "Store") -> str:
    """The bot's @name without the @, as remembered or as Telegram says; nothing where neither."""
    from bot.telegram.diagnosis import Diagnosis
    from opsctl.telegram.check import name_of

    name = store.username(config.telegram_token)
    if not name and config.telegram_token:
        found = name_of(config)
        name = "" if isinstance(found, Diagnosis) else found
        store.set_username(config.telegram_token, name)
    return name
