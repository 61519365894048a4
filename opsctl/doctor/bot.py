"""The bot: its token, Telegram, the people, and what keeps it running."""

from core.settings import Loaded, Settings
from opsctl.terminal.check import Check


def token(loaded: Loaded) -> Check:
    """The bot's token: whether there is one, and whether others can read the file it is in."""
    if not loaded.settings.telegram_token:
        return Check("token", "ok", "no Telegram token, so no bot (opsctl setup asks for it)")
    origin = loaded.origins["telegram_token"]
    path = loaded.root / origin
    if path.is_file() and path.stat().st_mode & 0o077:
        return Check("token", "warning", f"others can read {path}", f"chmod 600 {path}")
    return Check("token", "ok", f"from {origin}")


def telegram(config: Settings) -> Check:
    if not config.telegram_token:
        return Check("telegram", "ok", "not asked without a token")
    from opsctl.telegram.check import check_telegram

    return check_telegram(config)


def people(config: Settings) -> Check:
    """Who may ask the bot, and who lets them in."""
    from opsctl.telegram.people import check_people

    return check_people(config)


def service(config: Settings) -> Check:
    """What keeps the bot running on this machine, and whether a logout ends it."""
    from opsctl.keeper.systemd import ends_at_logout, is_usable

    if not config.telegram_token:
        return Check("service", "ok", "no bot to keep running")
    if not is_usable():
        return Check("service", "ok", "no systemd for this user: the bot is a background process")
    if ends_at_logout():
        detail = "the bot, a systemd user unit, ends when you log out"
        return Check("service", "warning", detail, "loginctl enable-linger")
    return Check("service", "ok", "the bot is a systemd user unit")
