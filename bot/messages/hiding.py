"""Pieces of Markdown out of a converter's sight: other characters stand for theirs meanwhile."""

from collections.abc import Iterable, Iterator, Sequence
from string import punctuation
from typing import Any

import pyromark
from telegramify_markdown.converter import STANDARD_OPTIONS

# In bytes of the source: where something is, and with what it is replaced.
Place = tuple[int, int]
Edit = tuple[int, int, bytes]
Events = Sequence[tuple[Any, Place]]

HIDDEN = {ord(char): chr(0x10F000 + ord(char)) for char in punctuation}
SHOWN = {ord(hidden): chr(char) for char, hidden in HIDDEN.items()}
NOTHING = "\u2e00"  # stands for a mark that is left out; a rare one, and punctuation as that was
RESERVED = (*SHOWN, ord(NOTHING))


def hidden(piece: bytes, characters: str = punctuation) -> bytes:
    """The piece with these characters hidden."""
    return piece.decode().translate({ord(char): HIDDEN[ord(char)] for char in characters}).encode()


def edited(source: bytes, edits: Iterable[Edit]) -> str:
    """The source with the edits made; of two that overlap, the first one only."""
    kept, last = [], 0
    for start, end, new in sorted(edits):
        if start >= last:
            kept += [source[last:start], new]
            last = end
    return b"".join([*kept, source[last:]]).decode()


def events_of(markdown: str) -> Events:
    """What the converter's parser finds in the Markdown."""
    return [
        (event, (place["start"], place["end"]))
        for event, place in pyromark.events_with_range(markdown, options=STANDARD_OPTIONS)
    ]


def has(event: Any, *kinds: str) -> bool:
    """True if the event is one of these kinds."""
    return isinstance(event, dict) and not event.keys().isdisjoint(kinds)


def started(event: Any, kind: str) -> bool:
    """True if something of this kind begins."""
    start = event.get("Start") if isinstance(event, dict) else None
    return start == kind or (isinstance(start, dict) and kind in start)


def inside(at: int, places: Iterable[Place]) -> bool:
    """True if one of the places holds this byte."""
    return any(start <= at < end for start, end in places)


def in_numbered_lists(events: Events) -> Iterator[tuple[str, Place]]:
    """The items of numbered lists and their boxes to tick, in order."""
    numbered: list[bool] = []
    for event, place in events:
        if started(event, "List"):
            numbered.append(event["Start"]["List"] is not None)
        elif has(event, "End") and has(event["End"], "List"):
            numbered.pop()
        elif numbered and numbered[-1]:
            if started(event, "Item"):
                yield "Item", place
            elif has(event, "TaskListMarker"):
                yield "TaskListMarker", place
