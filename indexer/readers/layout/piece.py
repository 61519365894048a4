"""What lies on a page: runs of characters, and straight lines."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.readers.page import Kind

GAP = 1.1  # heights of a character; a wider gap parts columns
SAME = 2.0  # points, from one line to another that is the same


@dataclass(slots=True)
class Piece:
    """A run of characters on one line, and its place on the page turned upright."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float  # the height of its letters, that of most
    bold: bool = False
    kind: Kind | None = None  # where that is certain: "field"
    at: int = 0  # the number of its first letter, in the order of drawing

    @property
    def is_tall(self) -> bool:
        """Whether its letters stand above each other: turned text."""
        return len(self.text) > 2 and self.top - self.bottom > 2 * (self.right - self.left)


@dataclass(slots=True)
class Rule:
    """A line: where it lies, and from where to where it goes along the other axis."""

    at: float
    start: float
    stop: float

    def covers(self, place: float) -> bool:
        return self.start - SAME <= place <= self.stop + SAME


@dataclass(slots=True)
class Rules:
    """The lines that go across a page, and those that go down it."""

    across: list[Rule]
    down: list[Rule]
