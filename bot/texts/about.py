"""What the bot says of itself: who runs it, what it keeps and who can read that."""

from pathlib import Path
from urllib.parse import urlsplit

from bot.base.config import BotConfig
from bot.telegram.sending import length_of
from bot.texts import Texts
from bot.texts.counting import counted
from core.errors import UsageError

LONGEST_NOTICE = 2500  # of the 4096 UTF-16 units of a message: the greeting stands before it
HERE = ("localhost", "127.0.0.1", "::1")


def read_notice(path: Path | None) -> str:
    """The operator's own words, or nothing. Raises UsageError where the file cannot be used."""
    if path is None:
        return ""
    try:
        text = path.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        sentence = f"OPSCTL_NOTICE: {path} cannot be read ({error.strerror})"
        raise UsageError(sentence, f"ls -l {path}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"OPSCTL_NOTICE: {path} is not in UTF-8", f"file {path}") from error
    length = length_of(text)
    if length > LONGEST_NOTICE:
        sentence = (
            f"OPSCTL_NOTICE: {path} has {length} characters, and {LONGEST_NOTICE} is the most"
        )
        raise UsageError(sentence, "shorten it: it is shown with the greeting")
    return text


def with_notice(text: str, config: BotConfig) -> str:
    """A greeting, with the operator's own words after it."""
    return f"{text}\n\n{config.notice}" if config.notice else text


def with_contact(text: str, config: BotConfig, words: Texts) -> str:
    """A text of help, with whom to turn to."""
    contact = config.settings.contact
    return text + words.contact.format(contact=contact) if contact else text


def about(config: BotConfig, words: Texts) -> str:
    settings = config.settings
    contact = words.about_contact if settings.contact else words.about_no_contact
    host = urlsplit(settings.server_url).hostname or ""
    elsewhere = settings.engine != "extractive" and host not in HERE
    return words.about.format(
        contact=contact.format(contact=settings.contact),
        days=counted(settings.keep_days, words.days),
        server=words.about_server.format(host=host) if elsewhere else "",
    )
