"""Leftovers of web pages in a text: tags, entities, control characters."""

import re
from html import unescape

TAGS = "a|b|blockquote|br|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s|span|strong|u|ul"
TAG = re.compile(rf"</?(?P<name>{TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
BREAKS = re.compile(r"br|p|div|li|ul|ol|hr|blockquote|h[1-6]|pre", re.IGNORECASE)
ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
# C0 and C1 but for tab and newline, soft hyphen, zero-width space, marks of direction, BOM.
CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060\ufeff]")
SPACES = re.compile(r"[^\S\n]*\n[^\S\n]*(?:\n[^\S\n]*)+")
URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


def clean(text: str) -> str:
    """The text without tags of HTML, with characters in place of entities, without controls."""
    if (
        "<" not in text
        and "&" not in text
        and text.replace("\n", " ").replace("\t", " ").isprintable()
    ):
        return text
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    if "<" in plain:
        plain = TAG.sub(lambda tag: "\n" if BREAKS.fullmatch(tag["name"]) else "", plain)
    if "&" in plain:
        plain = ENTITY.sub(lambda entity: unescape(entity[0]), plain)
    plain = CONTROL.sub("", plain).replace("\xa0", " ")
    return text if plain == text else SPACES.sub("\n\n", plain).strip()


def is_links_only(text: str) -> bool:
    """Whether no letter is left of a text without its links."""
    bare = URL.sub("", text)
    return bare != text and not any(char.isalpha() for char in bare)
