"""What setup asks about the bot: its token, and who its administrator is."""

import dataclasses
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from core.errors import UserError
from core.settings import Settings
from opsctl.terminal import output

if TYPE_CHECKING:
    from bot.store.store import Store

TOKEN = re.compile(r"\d{6,}:[\w-]{30,}")
ID = re.compile(r"[1-9]\d{0,17}")
STEPS = (
    "A bot in Telegram answers your colleagues. To get one:",
    "  1. write /newbot to @BotFather in Telegram",
    "  2. give it a name, and a short name that ends in bot",
    "  3. paste the token that it replies with here (it is not shown)",
)
Keep = Callable[[str, str], None]


def ask_about_bot(config: Settings, keep: Keep) -> None:
    """Ask for what is missing or wrong; `keep` is given each answer at once: setting and value."""
    from bot.store.store import Store
    from opsctl.telegram.claim import has_admin

    store = Store(config.bot_database)
    if not config.telegram_token or _is_rejected(config):
        for line in STEPS:
            output.note(line)
        token = _ask_token(config, store)
        if not token:
            return
        keep("OPSCTL_TELEGRAM_TOKEN", token)
    if not has_admin(config, store):
        number = _answer(
            "Your own numeric Telegram id (Enter: a code to send to the bot instead)", ID,
            "an id is a number such as 123456789; press Enter if you do not know it",
        )  # fmt: skip
        if number:
            keep("OPSCTL_ADMINS", number)


def rejection(config: Settings, quiet: bool = False) -> UserError | None:
    """What is wrong where Telegram knows no bot with the token that is set; none is not asked."""
    from bot.telegram.diagnosis import Diagnosis
    from opsctl.telegram.check import name_of

    found = name_of(config) if config.telegram_token else None
    if isinstance(found, Diagnosis) and found.cause == "token":
        return UserError(found.sentence, found.fix)
    if isinstance(found, Diagnosis) and not quiet:
        output.note(f"the token could not be checked: {found}")
    return None


def _is_rejected(config: Settings) -> bool:
    if rejection(config, quiet=True) is None:
        return False
    output.note("Telegram does not know the token that is set: give another one")
    return True


def _ask_token(config: Settings, store: "Store") -> str:
    """A token that Telegram knows, or that nobody could check; nothing for later."""
    from bot.telegram.diagnosis import Diagnosis
    from opsctl.telegram.check import name_of

    while True:
        token = _answer(
            "Telegram bot token (Enter: later)", TOKEN,
            "that is not a bot token: one looks like 123456789:AAE… of about 45 characters",
            hide=True,
        )  # fmt: skip
        if not token:
            return ""
        found = name_of(dataclasses.replace(config, telegram_token=token))
        if not isinstance(found, Diagnosis):
            output.note(f"this is @{found}")
            store.set_username(token, found)
            return token
        if found.cause != "token":
            output.note(f"the token could not be checked: {found}")
            return token
        output.note("Telegram does not know this token: copy it from @BotFather again")


def _answer(question: str, form: "re.Pattern[str]", wrong: str, hide: bool = False) -> str:
    """Ask until the answer has its form or is empty."""
    while True:
        given = typer.prompt(question, default="", show_default=False, hide_input=hide)
        text = str(given).replace(" ", "")
        if not text or form.fullmatch(text):
            return text
        output.note(wrong)
