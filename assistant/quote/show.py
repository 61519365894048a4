"""Blocks as people read them: rows by their columns, sentences in one line."""

import re
from collections.abc import Iterator, Sequence

from assistant.quote.units import Outline, Unit, is_lead
from core.text import shortened
from indexer.passages.sentences import sentences
from indexer.passages.units import NEVER
from indexer.readers.page import cells
from indexer.readers.sections import last_heading
from indexer.store.surroundings import Piece

USUAL, MOST, BRIEF = 430, 600, 150  # characters
# More rows than these are shown one a line, under the names of the columns.
SPELLED_ROWS = 2
# The name of a column that only counts the rows.
_COUNTS = re.compile(r"(№|#|no\.?)( ?п/п\.?)?", re.I)
CUT = re.compile(r"[\w,-]$")


def show(outline: Outline, places: Sequence[int], unit: Unit, room: int = USUAL) -> str:
    """The text of the blocks, in their order, up to some `room` characters; "…" marks a cut."""
    shown = _title(outline, places)
    left = room
    for place, text in _lines(outline, places, unit, room):
        needed = place == unit.place or left == room
        if len(text) > left and not needed:
            shown += ["…"] * bool(shown and not shown[-1].endswith("…"))
            if place > unit.place:
                break
            continue
        if len(text) > MOST:
            text = shortened(text, room)
        left -= len(text)
        if shown and CUT.search(shown[-1]) and text[:1].islower():
            shown[-1] = _joined(shown[-1], text)
        else:
            shown.append(text)
    return "\n".join(shown)


def whole(pieces: Sequence[Piece]) -> list[str]:
    """The lines of all that blocks say, tables as rows under the names of their columns."""
    lines, tables = list[str](), set[object]()
    for piece in pieces:
        if piece.kind in NEVER or is_lead(piece):
            continue
        lines += [""] * bool(lines and piece.kind not in ("row", "item", "answer"))
        if piece.kind == "row":
            lines.append(_row(piece, piece.table not in tables, True))
            tables.add(piece.table)
        else:
            lines.append(_plain(piece))
    return lines


def _title(outline: Outline, places: Sequence[int]) -> list[str]:
    """The heading of a list that nothing else announces."""
    pieces = [outline.pieces[at] for at in places]
    is_list = len(pieces) > 1 and all(piece.kind == "item" for piece in pieces)
    heading = last_heading(pieces[0].heading)
    return [heading] if is_list and heading else []


def _lines(
    outline: Outline, places: Sequence[int], unit: Unit, room: int
) -> Iterator[tuple[int, str]]:
    pieces = outline.pieces
    brief = sum(pieces[at].kind == "row" for at in places) > SPELLED_ROWS
    tables = set()
    for place in places:
        piece = pieces[place]
        if not outline.can_be_quoted(place) or (piece.kind == "question" and len(places) > 1):
            continue
        if piece.kind == "row":
            yield place, _row(piece, piece.table not in tables, brief)
            tables.add(piece.table)
        elif place == unit.place and len(piece.text) > room:
            yield place, _window(piece.text, unit, room)
        else:
            yield place, _plain(piece)


def _plain(piece: Piece) -> str:
    return piece.text if piece.kind == "code" else " ".join(piece.text.split())


def _row(piece: Piece, first: bool, brief: bool) -> str:
    """ "Column: value" for each cell that holds one, below the name of the table."""
    values = [value.strip() for value in cells(piece.text)]
    names = cells(piece.table.header) if piece.table and piece.table.header else []
    lines = [piece.table.name] if first and piece.table and piece.table.name else []
    if len(names) < len(values) or brief:
        heads = [" | ".join(filter(None, names))] if first and names and brief else []
        return "\n".join([*lines, *heads, " | ".join(filter(None, values))])
    if len(names) > 2 and sum(map(bool, values)) == 1:  # a remark across the table
        return "\n".join([*lines, *filter(None, values)])
    pairs = zip(names, values, strict=False)  # empty cells at the end of a row may be left out
    told = [(name.strip(), value) for name, value in pairs if value]
    counted = [(name, value) for name, value in told if not _COUNTS.fullmatch(name)] or told
    return "\n".join([*lines, *(f"{name}: {value}" if name else value for name, value in counted)])


def _window(text: str, unit: Unit, room: int) -> str:
    """The chosen sentence of a long paragraph, with the one before it and those that follow."""
    parts = [" ".join(part.split()) for part in sentences(text)]
    start = stop = unit.part
    size = len(parts[unit.part])
    if size > MOST:
        return shortened(parts[unit.part], room)
    if start and size + len(parts[start - 1]) <= room // 2:
        start -= 1
        size += len(parts[start])
    while stop + 1 < len(parts) and size + len(parts[stop + 1]) <= room:
        stop += 1
        size += len(parts[stop])
    before, after = "… " * (start > 0), " …" * (stop + 1 < len(parts))
    return f"{before}{' '.join(parts[start : stop + 1])}{after}"


def _joined(cut: str, rest: str) -> str:
    """A paragraph that goes on after the end of a page."""
    return cut[:-1] + rest if cut.endswith("-") else f"{cut} {rest}"
