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
COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,64}(@\w+)?")
MENTION = re.compile(r"(?<![\w/])@\w{3,}")


def units(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def checked(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The text and entities as they are kept: without white space at the end, 100 entities.

    Raises Refusal for an empty or long text, or for an entity out of range or inside a character.
    """
    kept = text.rstrip()
    if not kept.strip():
        raise Refusal("empty")
    if units(kept) > LONGEST:
        raise Refusal("too_long")
    borders = _borders(text)
    for entity in entities:
        _check(entity, borders)
    end = units(kept)
    clipped = [
        entity | {"length": min(entity["length"], end - entity["offset"])}
        for entity in entities[:MOST_ENTITIES]
        if entity["offset"] < end
    ]
    return kept, clipped


def check_keyboard(markup: dict[str, Any] | None) -> None:
    """Raise Refusal for a button whose data is empty or longer than 64 bytes."""
    for row in (markup or {}).get("inline_keyboard", []):
        for button in row:
            if not 1 <= len(button.get("callback_data", "x").encode()) <= MOST_DATA:
                raise Refusal("button_data")


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
        raise Refusal("entities", detail=f"unsupported type {entity.get('type')}")
    if length <= 0 or start not in borders or start + length not in borders:
        raise Refusal("entities", detail=f"entity beyond the text or inside a symbol at {start}")
    if entity["type"] == "text_link" and not entity.get("url"):
        raise Refusal("entities", detail="text_link without url")
