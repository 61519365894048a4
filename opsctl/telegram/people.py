"""Who lets people into the bot, and whether its groups can be asked, for `opsctl doctor`."""

from core.settings import Settings
from opsctl.terminal.check import Check


def check_people(config: Settings) -> Check:
    """Look into the bot's memory; where there is none yet, there is nothing to say."""
    from bot.gate.requests import Requests
    from bot.people.members import TROUBLE
    from bot.people.people import People
    from bot.store.store import Store
    from opsctl.telegram.claim import has_admin

    if not config.telegram_token or not config.bot_database.is_file():
        return Check("people", "ok", "no bot yet")
    store = Store(config.bot_database)
    try:
        waiting = len(Requests(store).listing("waiting"))
        detail = f"approved: {len(People(store).all())}, waiting: {waiting}"
        if config.members_of and (trouble := store.meta(TROUBLE)):
            fix = "make the bot an administrator of the group, then: opsctl restart"
            return Check("people", "warning", f"OPSCTL_MEMBERS_OF, {trouble}", fix)
        if not has_admin(config, store) and not config.public:
            detail += "; nobody is administrator, so nobody sees who waits"
            return Check("people", "warning", detail, "opsctl users claim")
        return Check("people", "ok", detail)
    finally:
        store.close()
