"""Messages of a length that Telegram takes, cut from a text of any length."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

LONGEST = 4096  # UTF-16 units
MOST_ENTITIES = 100
# ENTITIES_TOO_LONG comes at about 9500 bytes for all of them (tdlib/telegram-bot-api issue 165).
ENTITY_BYTES = 9000
ONE_ENTITY = 20
CODE = ("code", "pre")
QUOTES = ("blockquote", "expandable_blockquote")
JOINER = "\u200d"
REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff]+\\Z")  # flags are pairs of these
# Also characters that take room and show nothing: Telegram takes no message of only these.
BLANK = re.compile("[\\s\u115f\u1160\u2800\u3164\uffa0\ufe00-\ufe0f]*")
TONES = ("\U0001f3fb", "\U0001f3ff")  # of skin


@dataclass(frozen=True)
class Entity:
    """Telegram's MessageEntity of a format; in UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Part:
    """The text of one message and its entities, as Sender takes them."""

    text: str
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True)
class Span:
    """A formatted piece of a text: characters from `start` up to `end`."""

    kind: str
    start: int
    end: int
    url: str | None = None
    language: str | None = None


def utf16_borders(text: str) -> list[int]:
    """The offset of every character in UTF-16 units, and the length of the text."""
    return [0, *accumulate(2 if char > "\uffff" else 1 for char in text)]


def split(text: str, spans: Iterable[Span] = ()) -> list[Part]:
    """Cut between paragraphs, lines or words, in this order; code that fits stays whole.

    Code that is longer than a message is cut between its lines and goes on as code. Nothing but
    white space at the cuts is left out.
    """
    ordered = sorted(spans, key=lambda span: (span.start, -span.end))
    borders = utf16_borders(text)
    parts, at = [], 0
    while at < len(text):
        live = [span for span in ordered if span.end > at]
        end = _cut(text, at, _furthest(borders, live, at), live, borders)
        if part := _part(text, at, end, live):
            parts.append(part)
        at = end
    return parts


def _furthest(borders: Sequence[int], live: Sequence[Span], at: int) -> int:
    """Where a message that begins at `at` has to end, for its text and for its entities."""
    end = bisect_right(borders, borders[at] + LONGEST) - 1
    size = 0
    for count, span in enumerate(live):
        size += ONE_ENTITY + len((span.url or "").encode())
        if count == MOST_ENTITIES or (size > ENTITY_BYTES and count):
            return min(end, max(span.start, at + 1))
    return end


def _cut(text: str, at: int, end: int, live: Sequence[Span], borders: Sequence[int]) -> int:
    """The best place to cut, at `end` or before it."""
    if end == len(text):
        return end
    whole = [
        span
        for span in live
        if span.kind in CODE and span.start > at
        if borders[span.end] - borders[span.start] <= LONGEST
    ]
    for span in whole:
        if span.start < end < span.end:
            end = span.start
    for pattern, least in (("\n\n", 0.5), ("\n", 0.25), (" ", 0.0)):
        place = end
        while (place := text.rfind(pattern, at + int((end - at) * least), place)) > at:
            if not any(span.start < place + len(pattern) < span.end for span in whole):
                return place + len(pattern)
    return _before_character(text, at, end)


def _before_character(text: str, at: int, end: int) -> int:
    """Move a cut to the left until it does not part what is seen as one character."""
    place = end
    while place > at + 1 and _joined(text, place):
        place -= 1
    return place if place > at + 1 else end


def _joined(text: str, place: int) -> bool:
    """True if the characters before and after the place are seen as one."""
    left, right = text[place - 1], text[place]
    if REGIONAL.fullmatch(right):
        flags = REGIONAL.search(text[max(0, place - LONGEST) : place])
        return flags is not None and len(flags[0]) % 2 == 1
    return (
        JOINER in (left, right)
        or unicodedata.category(right) in ("Mn", "Me")
        or TONES[0] <= right <= TONES[1]
    )


def _part(text: str, start: int, end: int, live: Sequence[Span]) -> Part | None:
    """The message from `start` to `end` without empty lines around it; None if nothing is left."""
    while start < end and text[start] == "\n":
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if BLANK.fullmatch(text, start, end):
        return None
    borders = utf16_borders(text[start:end])
    cut = (
        replace(span, start=max(span.start, start) - start, end=min(span.end, end) - start)
        for span in live
    )
    entities = (_entity(span, borders) for span in cut if span.start < span.end)
    return Part(text[start:end], tuple(entities))


def _entity(span: Span, borders: Sequence[int]) -> Entity:
    start = borders[span.start]
    length = borders[span.end] - start
    return Entity(span.kind, start, length, span.url, span.language)
