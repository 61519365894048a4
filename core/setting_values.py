"""From the text of a setting to its value; a bad one is told by name."""

import dataclasses
import re
from pathlib import Path
from typing import Any

from core import telegram_address
from core.errors import UsageError

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
MASK = "********"
MAX_MESSAGE = 4096  # characters of a message in Telegram
_RANGES = {
    "health_port": (1, 65_535),
    "chunk_overlap": (0, 100_000),
    "gpu": (0, 100_000),
    "program_memory": (256, 1 << 20),
    "questions_per_minute": (0, 100_000),
    "questions_per_day": (0, 100_000),
    "questions_waiting": (0, 1000),
    "question_length": (10, MAX_MESSAGE),
    "keep_days": (1, 3650),
}
LONGEST_CONTACT = 300
SHORTEST_PERIOD = 10  # seconds
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse(item: "dataclasses.Field[Any]", text: str, name: str, base: Path) -> object:
    """The value that `text` stands for; paths are relative to `base`. Raise UsageError."""
    if is_secret(item):
        return _one_word(text, name)
    if item.name == "telegram_api_url":
        return telegram_address.api_url(text, name)
    if item.name == "telegram_proxy":
        return telegram_address.proxies(text, name)
    if item.name in ("server_url", "hf_endpoint", "embedder_url"):
        return _url(text, name)
    choices = item.metadata["choices"]
    if choices and text not in choices:
        raise UsageError(f"{name} is {text!r}", f"choose one of: {', '.join(choices)}")
    if isinstance(item.default, Path) or item.name == "notice":
        return base / _expand(text, name)
    if isinstance(item.default, tuple):
        return _ids(text, name, groups=item.name in ("allowed_groups", "members_of"))
    if isinstance(item.default, bool):
        if text.lower() not in _TRUE | _FALSE:
            raise UsageError(f"{name} is {text!r}", "give 1 or 0")
        return text.lower() in _TRUE
    if item.name == "embedder" and (base / _expand(text, name) / "config.json").is_file():
        return str((base / _expand(text, name)).resolve())
    if item.name in ("threshold", "dense_weight"):
        return _number(float, text, name, 0, 1 if item.name == "threshold" else 10)
    if isinstance(item.default, int):
        return _number(int, text, name, *_RANGES.get(item.name, (1, 100_000)))
    if item.name == "contact" and len(text) > LONGEST_CONTACT:
        raise UsageError(
            f"{name} has {len(text)} characters", f"give {LONGEST_CONTACT} at most, on one line"
        )
    if item.name == "reindex_every" and seconds_of(text) < SHORTEST_PERIOD:
        raise UsageError(f"{name} is {text!r}", "give a time such as 15m, 1h or 1d; 10s at least")
    return text


def seconds_of(period: str) -> int:
    """The seconds of a time such as 90s, 15m, 1h, 1d; 0 for anything else."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", period.strip().lower(), re.ASCII)
    return int(found[1]) * _UNITS[found[2]] if found else 0


def _expand(text: str, name: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{name} is {text!r}: {error}", "give the whole path") from error


def _number(kind: type, text: str, name: str, least: float, most: float) -> object:
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not least <= value <= most:
        raise UsageError(f"{name} is {text!r}", f"give a number from {least} to {most}")
    return value


def _url(text: str, name: str) -> str:
    parts = telegram_address.web_address(text)
    if parts is None:
        raise UsageError(f"{name} is {text!r}", "give an address such as http://127.0.0.1:8080")
    if parts.username is not None:
        key = "OPSCTL_EMBEDDER_KEY" if name.endswith("EMBEDDER_URL") else "OPSCTL_API_KEY"
        raise UsageError(f"{name} holds a user name or password", f"a key goes into {key}")
    return text.rstrip("/")


def _ids(text: str, name: str, groups: bool) -> tuple[int, ...]:
    """Telegram's numbers: those of people are positive, those of groups negative."""
    try:
        ids = tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        hint = "give numeric ids, comma-separated; a name can change hands"
        raise UsageError(f"{name} is {text!r}", hint) from None
    for number in ids:
        if groups and number >= 0:
            raise UsageError(
                f"{name} holds {number}, and the id of a group is negative",
                "the ids of people go into OPSCTL_ALLOWED_USERS",
            )
        if not groups and number <= 0:
            raise UsageError(
                f"{name} holds {number}, and the id of a person is positive",
                "the ids of groups go into OPSCTL_ALLOWED_GROUPS",
            )
    return ids


def _one_word(text: str, name: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(f"{name} is not a token: it has a space or a letter outside ASCII")
    return text


def is_secret(item: "dataclasses.Field[Any]") -> bool:
    """Tell the settings whose value must never be shown."""
    return bool(item.metadata.get("secret"))


def shown(item: "dataclasses.Field[Any]", value: object) -> str:
    """A value as it may be shown: a secret is masked."""
    if value in (None, "", ()):
        return ""
    if item.name == "telegram_proxy" and isinstance(value, tuple):
        return ",".join(map(telegram_address.masked, value))
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return MASK if is_secret(item) else str(value)
