"""What the converter of Markdown would drop or change, hidden from it before it is at work."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from bot.messages.hiding import (
    Edit,
    Events,
    Place,
    edited,
    events_of,
    has,
    hidden,
    in_numbered_lists,
    inside,
    started,
)
from bot.messages.inline_marks import emphasis, links, paths

# What would be taken for a spoiler, for the definition of a link or for a quotation.
BARS = re.compile(rb"(?<!\\)\|\|+")
DEFINITION = re.compile(rb"(?<=\]):")
MORE_THAN = re.compile(rb"(?<!\S)>(?=[\d=])")
LANGUAGE = re.compile(r"[A-Za-z][A-Za-z0-9+#._-]{0,29}")
FENCE = re.compile(rb"(`+|~+) *")
COMMAND = re.compile(rb"\\[A-Za-z]")
DRIVE = re.compile(rb"(?<![A-Za-z])[A-Za-z]:\\")
# A formula between these is shown as it is.
FORMULA = re.compile(rb"\\\((?:(?!\n\n).){1,500}?\\\)|\\\[(?:(?!\n\n).){1,500}?\\\]", re.DOTALL)
NUMBER = re.compile(rb"\s*(\d+[.)])")


def protected(markdown: str, hosts: Collection[str]) -> str:
    """The Markdown with what the converter would drop or change hidden from it.

    What is text and what is a tag or code may depend on that, so it is read again until it stays.
    Links keep their address hidden only for pages of these hosts.
    """
    markdown = FORMULA.sub(lambda found: hidden(found[0]), markdown.encode()).decode()
    while edits := _edits(markdown, hosts):
        markdown = edited(markdown.encode(), edits)
    return markdown


def item_numbers(markdown: str) -> list[str]:
    """What is written before the items of its numbered lists, as "12." or "3)", in order."""
    source, numbers = markdown.encode(), []
    for kind, place in in_numbered_lists(events_of(markdown)):
        if kind == "Item":
            number = NUMBER.match(source, place[0])
            assert number
            numbers.append(number[1].decode())
    return numbers


def _edits(markdown: str, hosts: Collection[str]) -> list[Edit]:
    """The next changes: of formulas that are none, or else of everything that would be dropped."""
    source, events = markdown.encode(), events_of(markdown)
    if dollars := [edit for event, place in events for edit in _dollars(event, place, source)]:
        return dollars
    tables = [place for event, place in events if started(event, "Table")]
    formulas = [place for event, place in events if has(event, "InlineMath", "DisplayMath")]
    return [
        *_surplus_cells(events, source),
        *links(events, source, tables, hosts),
        *paths(source, formulas),
        *(
            edit
            for event, place in events
            for change in (_html, _fence, emphasis)
            for edit in change(event, place, source)
        ),
        *(
            (start, start + 1, hidden(b"["))
            for kind, (start, _) in in_numbered_lists(events)
            if kind == "TaskListMarker"
        ),
        *((found.start(), found.end(), _bars(found, tables)) for found in BARS.finditer(source)),
        *(
            (found.start(), found.end(), hidden(found[0]))
            for pattern in (DEFINITION, MORE_THAN)
            for found in pattern.finditer(source)
        ),
    ]


def _html(event: Any, place: Place, source: bytes) -> Iterator[Edit]:
    """Tags are text here, not HTML."""
    if has(event, "Html", "InlineHtml"):
        yield *place, hidden(source[slice(*place)], "<&")


def _dollars(event: Any, place: Place, source: bytes) -> Iterator[Edit]:
    """Dollars without a LaTeX command between them, or with a path, are no formula."""
    piece = source[slice(*place)]
    if has(event, "InlineMath", "DisplayMath") and (
        DRIVE.search(piece) or not COMMAND.search(piece)
    ):
        yield *place, hidden(piece, "$")


def _fence(event: Any, place: Place, source: bytes) -> Iterator[Edit]:
    """What follows a fence and is no language, or has no line below it, is code."""
    kind = event["Start"]["CodeBlock"] if started(event, "CodeBlock") else None
    info = kind["Fenced"] if isinstance(kind, dict) else ""
    alone = b"\n" not in source[slice(*place)].rstrip()
    if info and (alone or not LANGUAGE.fullmatch(info)):
        fence = FENCE.match(source, place[0])
        assert fence
        yield fence.end(1), fence.end(), b"\n"


def _surplus_cells(events: Events, source: bytes) -> Iterator[Edit]:
    """Cells beyond the table's last column become part of it."""
    end = 0
    for event, place in events:
        if event == {"End": "TableCell"}:
            end = place[1]
        elif event == {"End": "TableRow"}:
            rest = source[end : place[1]].rstrip().removesuffix(b"|")
            if b"|" in rest:
                yield end, end + len(rest), hidden(rest, "|")


def _bars(found: re.Match[bytes], tables: Iterable[Place]) -> bytes:
    """Two bars are an empty cell in a table, and themselves elsewhere."""
    if inside(found.start(), tables):
        return b" ".join([b"|"] * len(found[0]))
    return hidden(found[0])
