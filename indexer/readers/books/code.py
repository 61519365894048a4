"""Source code and settings: blocks between blank lines, comments that stand alone as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from indexer.readers.letters.clean import clean
from indexer.readers.letters.encoding import detect
from indexer.readers.page import Page, Unreadable
from indexer.readers.sections import Sections

MAX_MB = 2
LONGEST_LINE, USUAL_LINE = 20_000, 400  # characters; beyond, no person wrote it
_PIECES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)*")
_COMMENT = re.compile(r"[ \t]*(?:#+(?=[ \t]|$)|//+!?|--+|;+|<!--|$)[ \t]?")
_IN_BLOCK = re.compile(r"[ \t]*(?:/\*+!?|\*+(?!/))[ \t]?")
_BLOCK_ENDS = re.compile(r"\s*(?:\*+/|-->)\s*$")
_DOCSTRING = re.compile(r"[ \t]*[rRuU]?(\"\"\"|''')(.*?)\1[ \t]*$", re.DOTALL)
_SECTION = re.compile(r"\[{1,2}[^\[\]\n]+\]{1,2}$")
_LETTERS = re.compile(r"[^\W\d_]{3}")


def read(path: Path) -> Iterator[Page]:
    """The blocks of code as they stand, and comments without their marks."""
    size = path.stat().st_size / 1e6
    if size > MAX_MB:
        raise Unreadable(f"too large for source code: {size:.0f} MB, the limit is {MAX_MB} MB")
    text = clean(path.read_text(encoding=detect(path), errors="replace")).strip("\n")
    _refuse_made_by_programs(text)
    sections = Sections()
    for piece in filter(str.strip, _PIECES.split(text)):
        _add(piece, sections)
        yield from sections.take()
    yield from sections.take(last=True)


def _refuse_made_by_programs(text: str) -> None:
    lines = text.split("\n")
    if max(map(len, lines)) > LONGEST_LINE or len(text) > USUAL_LINE * len(lines) + LONGEST_LINE:
        raise Unreadable("minified, or written by a program: its lines are too long")


def _add(piece: str, sections: Sections) -> None:
    if _SECTION.match(piece.partition("\n")[0].strip()):
        sections.heading(1, piece.partition("\n")[0].strip(" []"))
    if docstring := _DOCSTRING.fullmatch(piece):
        _say(docstring[2], sections)
    elif piece.lstrip().startswith("/*") and piece.rstrip().endswith("*/"):
        _say(_without(_IN_BLOCK, piece), sections)
    elif all(map(_COMMENT.match, piece.split("\n"))):
        _say(_without(_COMMENT, piece), sections)
    else:
        sections.add(piece, "code")


def _without(mark: re.Pattern[str], piece: str) -> str:
    """The lines of a comment without what marks them."""
    lines = (mark.sub("", line, count=1).strip() for line in piece.split("\n"))
    return _BLOCK_ENDS.sub("", "\n".join(lines).strip())


def _say(text: str, sections: Sections) -> None:
    if _LETTERS.search(text):
        sections.add(text.strip())
