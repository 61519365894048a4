"""TDLib, the code that the Bot API runs on, as a judge of messages; it works without a network."""

import json
import re
from dataclasses import asdict
from typing import Any

import tdjson

from bot.messages.parts import Part

TYPES = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "code": "Code",
    "pre": "Pre",
    "blockquote": "BlockQuote",
    "expandable_blockquote": "ExpandableBlockQuote",
    "text_link": "TextUrl",
}
MARKUP = re.compile(r"[*_~|`\[\]]")  # of TDLib's own Markdown, which is not asked for here


def execute(request: dict[str, Any]) -> dict[str, Any]:
    """One of TDLib's calls that need no client; an error is {"@type": "error", …}."""
    reply = tdjson.td_execute(json.dumps(request).encode())
    assert reply
    result: dict[str, Any] = json.loads(reply)
    return result


def text_of(parts: list[Part]) -> str:
    """What is read in all messages together."""
    return "\n".join(part.text for part in parts)


def pieces(part: Part, kind: str) -> list[str]:
    """The texts of all entities of one kind."""
    units = part.text.encode("utf-16-le")
    return [
        units[2 * one.offset : 2 * (one.offset + one.length)].decode("utf-16-le")
        for one in part.entities
        if one.type == kind
    ]


def complaint(part: Part) -> str:
    """Why Telegram would refuse or change the message; empty if it takes it as it is."""
    text = MARKUP.sub("x", part.text)
    entities = [_entity(asdict(one)) for one in part.entities]
    given = {"@type": "formattedText", "text": text, "entities": entities}
    taken = execute({"@type": "parseMarkdown", "text": given})
    if taken["@type"] == "error":
        return str(taken["message"])
    if len(part.text.encode("utf-16-le")) > 2 * 4096 or len(part.entities) > 100:
        return "too long"
    if taken["text"] != text:
        return f"the text becomes {taken['text']!r}"
    before, after = _formats(text, entities), _formats(text, taken["entities"])
    return "" if before == after else f"{before - after} become {after - before}"


def _entity(entity: dict[str, Any]) -> dict[str, Any]:
    kind: dict[str, Any] = {"@type": f"textEntityType{TYPES[entity['type']]}"}
    if entity["url"]:
        kind["url"] = entity["url"]
    if entity["language"]:
        kind = {"@type": "textEntityTypePreCode", "language": entity["language"]}
    return {
        "@type": "textEntity",
        "offset": entity["offset"],
        "length": entity["length"],
        "type": kind,
    }


def _formats(text: str, entities: list[dict[str, Any]]) -> set[tuple[int, str]]:
    """Every UTF-16 unit that is no white space, with each format that it has."""
    units = text.encode("utf-16-le")
    return {
        (at, entity["type"]["@type"])
        for entity in entities
        for at in range(entity["offset"], entity["offset"] + entity["length"])
        if units[2 * at : 2 * at + 2] not in (b" \0", b"\n\0")
    }


execute({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})
