"""What every reader yields and raises."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "heading", "paragraph", "item", "row", "question", "answer", "code", "field", "note", "caption",
    "contents", "furniture",
]  # fmt: skip

# Names of files, and what Office writes by itself.
_NO_ALT_TEXT = re.compile(
    r"\.(?:png|jpe?g|gif|bmp|emf|wmf|svg|webp|tiff?)$"
    r"|automatically generated|AI-generated|автоматически созданн|созданн\w* ИИ",
    re.IGNORECASE,
)
# How the captions of tables and of figures begin.
TABLE_NAME = re.compile(r"(?:таблица|table)\s+(?:№\s*)?\d[\d.]*\s*(?:[-–—:]|$)", re.IGNORECASE)
FIGURE = re.compile(r"(?:рис|fig)", re.IGNORECASE)
_LONGEST_REASON = 150  # characters
_CELL_BORDER = re.compile(r"(?<!\\) \| ")


@dataclass(frozen=True)
class Table:
    """What stands above the rows of a table: its name and the names of its columns, as one row."""

    name: str = ""
    header: str = ""

    @property
    def lead(self) -> str:
        """What a row is to be read with."""
        return "\n".join(filter(None, (self.name, self.header)))


@dataclass(frozen=True)
class Block:
    """A piece of a page that stands or falls as a whole: page.text[start:stop].

    `level` is that of a heading, from 1, or the depth of a list item, from 0; `last_page` is the
    number of the page it ends on, where that is another than the one it begins on.
    """

    kind: Kind
    start: int
    stop: int
    level: int = 0
    table: Table | None = None
    last_page: int | None = None


@dataclass(frozen=True)
class Page:
    """A piece of a document with its place in it: light Markdown, and the blocks it is made of.

    One with `left_out` has no text: it says what of the document could not be read.
    """

    text: str
    number: int | None = None  # from 1; None where the format has no pages
    heading: str | None = None  # those above the text, outermost first: "Глава 1 › Сроки"
    blocks: tuple[Block, ...] = field(default=(), compare=False)
    recognised: int | None = None  # by OCR: how sure that is, in per cent
    gap: str = ""  # why it could not be read, or not well
    left_out: str = ""


class Unreadable(Exception):
    """Why a document gives no text: lower-case, to stand after "name.pdf: "."""


class Missing(Unreadable):
    """A program that reads it is not installed: it is tried again at every reindex."""


def is_damage(error: Exception) -> bool:
    """Whether a file is to blame, not disk or memory: a parser was led to before its start."""
    if isinstance(error, MemoryError):
        return False
    return not isinstance(error, OSError) or error.errno in (None, errno.EINVAL)


def why(error: Exception) -> str:
    """A short reason for people out of what a parser has raised."""
    if isinstance(error, OSError) and error.errno:
        return "a part of it lies outside of the file"
    words = " ".join(filter(str.isprintable, str(error).split()))
    if not words or isinstance(error, LookupError):
        words = f"{type(error).__name__} {words}".strip()
    return words if len(words) <= _LONGEST_REASON else f"{words[:_LONGEST_REASON]}…"


def row(cells: list[str]) -> str:
    """A table row as one line of Markdown, without the borders at its ends."""
    return " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in cells)


def cells(line: str) -> list[str]:
    """The cells of such a line."""
    return [cell.replace(r"\|", "|") for cell in _CELL_BORDER.split(line)]


def alt_text(text: str | None) -> str:
    """What is said for a picture, "" where that is but a name, a file, or an invented text."""
    text = " ".join((text or "").split())
    return text if text.count(" ") > 1 and not _NO_ALT_TEXT.search(text) else ""
