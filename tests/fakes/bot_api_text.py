"""What Telegram accepts as the text of a message and its entities."""

import re
from typing import Any

from tests.fakes.bot_api_play import Refusal

LONGEST = 4096
MOST_ENTITIES = 100
MOST_DATA = 64
TYPES = {
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold",
    "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote",
    "code", "pre", "text_link", "text_mention", "custom_emoji",
}  # fmt: skip
MOST_BUTTONS = 100
INVISIBLE = "\u200b\u200c\u200d\u2060\u2800\ufeff"
COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,64}(@\w+)?")
MENTION = re.compile(r"(?<![\w/])@\w{3,}")


def units(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def checked(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The text and entities as they are kept: without white space around, 100 entities.

    Raises Refusal for an empty or long text, or for an entity out of range or inside a character.
    """
    if not text:
        raise Refusal("empty")
    kept = text.strip()
    if not kept.strip(INVISIBLE):
        raise Refusal("invisible")
    if units(kept) > LONGEST:
        raise Refusal("too_long")
    borders = _borders(text)
    for entity in entities:
        _check(entity, borders)
    begin = units(text) - units(text.lstrip())
    moved = [_moved(entity, begin, units(kept)) for entity in entities[:MOST_ENTITIES]]
    return kept, [entity for entity in moved if entity["length"] > 0]


def check_keyboard(markup: dict[str, Any] | None) -> None:
    """Raise Refusal for a button without text, use or legal data, or for too many buttons."""
    buttons = [button for row in (markup or {}).get("inline_keyboard", []) for button in row]
    for button in buttons:
        if not button.get("text"):
            raise Refusal("button", detail="text must be non-empty")
        if not set(button) - {"text"}:
            raise Refusal("button", detail="Text buttons are unallowed in the inline keyboard")
        if not 1 <= len(button.get("callback_data", "x").encode()) <= MOST_DATA:
            raise Refusal("button_data")
    if len(buttons) > MOST_BUTTONS:
        raise Refusal("buttons")


def found(text: str) -> list[dict[str, Any]]:
    """The commands and mentions in what a user writes."""
    patterns = ((COMMAND, "bot_command"), (MENTION, "mention"))
    return [
        {"type": kind, "offset": units(text[: match.start()]), "length": units(match[0])}
        for pattern, kind in patterns
        for match in pattern.finditer(text)
    ]


def _borders(text: str) -> set[int]:
    """The offsets, in UTF-16 units, at which a character begins or the text ends."""
    borders, at = {0}, 0
    for char in text:
        at += 2 if ord(char) > 0xFFFF else 1
        borders.add(at)
    return borders


def _check(entity: dict[str, Any], borders: set[int]) -> None:
    start, length = entity.get("offset", -1), entity.get("length", 0)
    if entity.get("type") not in TYPES:
        raise Refusal("entities", detail="Unsupported type specified")
    if entity["type"] == "text_link" and not entity.get("url"):
        raise Refusal("entities", detail="text_link without url")
    if (end := start + length) > max(borders):
        detail = f"beginning at UTF-16 offset {start} ends after the end of the text"
        raise Refusal("entity_place", detail=f"{detail} at UTF-16 offset {end}")
    if start not in borders or end not in borders:
        verb = "ends" if start in borders else "begins"
        detail = f"{verb} in a middle of a UTF-16 symbol at byte offset {start}"
        raise Refusal("entity_place", detail=detail)


def _moved(entity: dict[str, Any], begin: int, end: int) -> dict[str, Any]:
    """The entity in the text from `begin` on, cut to the text's `end` units."""
    first = max(0, entity["offset"] - begin)
    last = min(end, entity["offset"] - begin + entity["length"])
    return entity | {"offset": first, "length": last - first}
