"""The project and its settings."""

from pathlib import Path

from core.errors import UserError
from core.settings import SERVER_FILE, Loaded, Settings
from opsctl.doctor.unknown import in_words
from opsctl.terminal.check import Check


def project(loaded: Loaded) -> Check:
    above = Path.cwd().is_relative_to(loaded.root)
    return Check("project", "ok", f"{loaded.root}{'' if above else ', not the current folder'}")


def settings(loaded: Loaded) -> list[Check]:
    """One for each kind of fault, or the one that says that there is none."""
    found = []
    if loaded.passed_over:
        fix = "for Telegram: OPSCTL_TELEGRAM_PROXY in .env; for downloads: export it in the shell"
        found.append((f"not read from .env: {', '.join(loaded.passed_over)}", fix))
    if loaded.unknown:
        found.append((f"unknown: {in_words(loaded.unknown)}", "opsctl doctor --settings"))
    if told := loaded.ignored_lines():
        found.append((told, "write NAME=value, or # before a comment"))
    if unusable := _notice(loaded.settings):
        found.append((unusable.message, unusable.hint))
    if found:
        return [Check("settings", "warning", *words) for words in found]
    given = sum(origin not in ("default", SERVER_FILE) for origin in loaded.origins.values())
    count = "1 setting is set" if given == 1 else f"{given} settings are set"
    return [Check("settings", "ok", f"{count}, the rest are defaults")]


def _notice(config: Settings) -> UserError | None:
    """What is wrong with the operator's own words, without which the bot does not start."""
    if config.notice is None:
        return None
    from bot.texts.about import read_notice

    try:
        read_notice(config.notice)
    except UserError as error:
        return error
    return None
