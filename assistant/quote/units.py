"""The units that can be quoted: sentences, items, rows, each with what it is read under."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from assistant.quote.text import Text
from indexer.passages.sentences import sentences
from indexer.passages.units import NEVER
from indexer.readers.sections import last_heading
from indexer.search.searcher import Hit
from indexer.store.surroundings import Piece

LONGEST_LEAD = 200  # characters of an item that only leads to those below it
_TITLES = frozenset(("heading", "question", "caption"))
# How deep a block stands that is no heading.
_DEPTHS = {"item": 30, "row": 40, "answer": 40}
# A line that says nothing without what follows it.
_ANNOUNCES = re.compile(r"[:?—–]$|\s-$")
_ENDS = re.compile(r"[.!?…:;,][»\"”)]?$")
_CLAUSE = re.compile(r"\d+(?:\.\d+)+(?=[.)]?\s)")
_NUMBER = re.compile(r"\d+(?=[.)]\s)")
_ASKS_AGENDA = re.compile(r"\b(повестк|agenda)", re.I)
_AGENDA = re.compile(r"\W*(повестка|вопросы повестки|agenda)\b.{0,20}", re.I)


@dataclass(frozen=True)
class Unit:
    """A sentence, item or row, where it stands, and the lines that it is read under."""

    text: str
    rank: int  # of its passage among those found, from 0
    place: int  # of its block among the passage's pieces
    part: int  # its own place in the block
    above: tuple[str, ...]
    title: bool
    listed: bool  # an item of a list, or what announces one
    columns: str = ""  # the names of those that a row has

    @cached_property
    def own(self) -> Text:
        """The words of the unit itself."""
        return Text(self.text)


def _depth(piece: Piece, after: Piece | None) -> int:
    """How deep a block stands: a clause by its number, others by their kind."""
    if piece.kind == "heading":
        return piece.level
    if piece.kind == "item" and after and _has_clauses(piece, after):
        return 21
    clause = _CLAUSE.match(piece.text)
    if clause and piece.kind in ("paragraph", "item"):
        return 21 + clause[0].count(".")
    return piece.level + _DEPTHS.get(piece.kind, 20)


def is_lead(piece: Piece) -> bool:
    """Tell whether a row only names a table or its columns."""
    return piece.table is not None and piece.text in piece.table.lead.split("\n")


def _has_clauses(piece: Piece, after: Piece) -> bool:
    """Tell whether "2." is followed by "2.1."."""
    number = _NUMBER.match(piece.text)
    return number is not None and after.text.startswith(f"{number[0]}.1")


class Outline:
    """The blocks of a passage and around it, and which of them each stands under."""

    def __init__(self, hit: Hit, question: str = "") -> None:
        """An agenda can be quoted where `question` asks for one."""
        self.hit = hit
        self._asks_agenda = _ASKS_AGENDA.search(question) is not None
        self.pieces: Sequence[Piece] = hit.pieces()
        self.parents: list[list[int]] = []
        path = list[tuple[int, int]]()  # depth and place of what is open
        for place, piece in enumerate(self.pieces):
            after = self.pieces[place + 1] if place + 1 < len(self.pieces) else None
            depth = _depth(piece, after)
            while path and path[-1][0] >= depth:
                path.pop()
            self.parents.append([at for _, at in path])
            if self.announces(place):
                path.append((depth, place))

    def announces(self, place: int) -> bool:
        """Tell whether a block says something of those that follow it."""
        piece = self.pieces[place]
        if piece.kind in NEVER or piece.kind == "row":
            return False
        if piece.kind in _TITLES or _ANNOUNCES.search(piece.text):
            return True
        after = self.pieces[place + 1] if place + 1 < len(self.pieces) else piece
        leads = len(piece.text) <= LONGEST_LEAD and after.level > piece.level
        return piece.kind == after.kind == "item" and leads

    def children(self, place: int) -> list[int]:
        """What stands under a block."""
        found = list[int]()
        for at in range(place + 1, len(self.pieces)):
            if place in self.parents[at]:
                found.append(at)
            elif self.pieces[at].kind not in NEVER:
                break
        return found

    def run(self, place: int) -> list[int]:
        """The items that a list item stands among, or the block alone."""
        first = last = place
        while first and self._goes_on(first - 1, first):
            first -= 1
        while last + 1 < len(self.pieces) and self._goes_on(last, last + 1):
            last += 1
        return list(range(first, last + 1))

    def _goes_on(self, place: int, after: int) -> bool:
        """Tell whether a list goes on, under the same heading."""
        one, other = self.pieces[place], self.pieces[after]
        same = (one.page, one.heading) == (other.page, other.heading)
        return one.kind == other.kind == "item" and same

    def following(self, place: int, most: int) -> list[int]:
        """The next blocks that can be quoted, up to a heading."""
        found = list[int]()
        for at in range(place + 1, len(self.pieces)):
            if len(found) == most or self.pieces[at].kind == "heading":
                break
            if self.can_be_quoted(at):
                found.append(at)
        return found

    def can_be_quoted(self, place: int) -> bool:
        """False for furniture, contents, agendas, and rows that only name columns."""
        piece = self.pieces[place]
        if piece.kind in NEVER or is_lead(piece):
            return False
        if self._asks_agenda:
            return True
        heads = [self.pieces[at].text for at in (place, *self.parents[place])]
        heads.append(last_heading(piece.heading))
        return not any(map(_AGENDA.fullmatch, heads))

    def is_title(self, place: int) -> bool:
        """Tell whether a block is a heading, or a line at the head of its document."""
        piece = self.pieces[place]
        if piece.kind in ("row", "item") or _CLAUSE.match(piece.text):
            return False
        return piece.kind == "heading" or piece.text in self.hit.facts.split("\n")

    def around(self, unit: Unit) -> str:
        """The block of a unit, what it is read under, and what its document says of itself."""
        return "\n".join((self.pieces[unit.place].text, *unit.above, self.hit.facts))

    def units(self, rank: int) -> Iterator[Unit]:
        """What can be quoted of the passage itself."""
        for place, piece in enumerate(self.pieces):
            if not piece.inside or not self.can_be_quoted(place):
                continue
            above = [self.pieces[at].text for at in self.parents[place]]
            above += filter(None, (piece.heading, piece.table.lead if piece.table else ""))
            columns = piece.table.header if piece.table else ""
            whole = piece.kind in ("row", "heading")
            listed = piece.kind == "item" or len(self.children(place)) > 1
            parts = [piece.text] if whole else sentences(piece.text)
            for part, text in enumerate(parts):
                loose = len(parts) > 1 and "\n" in text and not _ENDS.search(text)
                title = loose or self.is_title(place)
                yield Unit(text, rank, place, part, tuple(above), title, listed, columns)
