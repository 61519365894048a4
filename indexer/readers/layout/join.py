"""The lines of a paragraph made one, and words that a line end has parted."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from itertools import pairwise

from indexer.readers.layout.lines import Column, Line
from indexer.readers.reflow import ITEM, MIN_WIDTH, WRAPPED

INDENT = 0.8  # heights of a line

_PARTED = re.compile(r"(?:^|[^\w-])([\w-]*[^\W\d_])[-\u2010]$")
_BEGINS = re.compile(r"(?!(?:либо|нибудь|таки)\b)[^\W\d_]\w*")
_ALWAYS_HYPHENATED = re.compile(r"(?:северо|юго)$", re.IGNORECASE)
_WORD = re.compile(r"\w+(?:-\w+)*")
_JOINS = re.compile(r"\w[-\u2010]$")
_SENTENCE = re.compile(r".+?[.!?…]+[»\")]*(?=\s+[A-ZА-ЯЁ«\"])")


def words_of(text: str) -> Set[str]:
    """The words of a text in lower case, with their hyphens."""
    return {word.casefold() for word in _WORD.findall(text)}


def glued(first: str, second: str, words: Set[str]) -> str:
    """Two parts of a sentence with a space between them, or one word across the border."""
    if halves := _halves(first, second):
        start, rest = halves
        known, kept = start + rest in words, f"{start}-{rest}" in words
        if _ALWAYS_HYPHENATED.search(start) or (kept and not known):
            return first + second
        return first[:-1] + second
    return f"{first}{'' if _JOINS.search(first) else ' '}{second}"


@dataclass(frozen=True, slots=True)
class Measure:
    """Where the lines of a column begin and end, and how many letters the longer ones have."""

    left: float
    right: float
    letters: int
    is_narrow: bool

    @classmethod
    def of(cls, column: Column) -> Measure:
        most = -(-(len(column.lines) - 1) * 9 // 10)  # nine lines of ten do not exceed it
        rights = sorted(line.right for line in column.lines)
        letters = sorted(len(line.text) for line in column.lines)
        left = min(line.left for line in column.lines)
        return cls(left, rights[most], letters[most], column.is_narrow)


def paragraphs(lines: list[Line], measure: Measure, words: Set[str]) -> str:
    """The text of lines that no gap parts, a paragraph a line."""
    joined = [lines[0].text]
    for line, after in pairwise(lines):
        if _halves(line.text, after.text) or _goes_on(line, after, measure):
            joined[-1] = glued(joined[-1], after.text, words)
        else:
            joined.append(after.text)
    return "\n".join(joined)


def split_rest(before: str, text: str) -> tuple[str, str]:
    """What of a text ends the sentence before it, which goes on there, and what follows it."""
    if not text[:1].islower() or before.rstrip()[-1:] in ".!?…:;":
        return "", text
    line, _, others = text.partition("\n")
    found = _SENTENCE.match(line)
    end = found.end() if found else len(line)
    return line[:end], (line[end:].strip() + "\n" + others).strip("\n")


def _halves(first: str, second: str) -> tuple[str, str] | None:
    """Those of a word that is parted between two lines, in lower case."""
    if not first.endswith(("-", "\u2010")):
        return None
    start, rest = _PARTED.search(first), _BEGINS.match(second)
    if not start or not rest or not (start[1][-1].islower() and second[0].islower()):
        return None
    return start[1].casefold(), rest[0].casefold()


def _would_fit(line: Line, room: float) -> bool:
    """Whether the first word of a line would have had room at the end of the line before."""
    letters = len(line.text.split(" ", 1)[0]) + 1
    return letters * (line.right - line.left) / len(line.text) <= room


def _goes_on(line: Line, after: Line, measure: Measure) -> bool:
    """Whether a line was broken only because the column ended."""
    if ITEM.match(after.text) or (measure.letters < MIN_WIDTH and not measure.is_narrow):
        return False
    fills = (line.right - measure.left) / max(measure.right - measure.left, 1.0)
    is_lower = after.text[:1].islower()
    if not is_lower and after.left - line.left > INDENT * line.size:
        return False
    if line.text.endswith((".", "!", "?", ":", ";")) and not is_lower:
        is_full = fills >= 0.9 or (
            fills >= 0.8 and not _would_fit(after, measure.right - line.right)
        )
        return is_full and not line.text.endswith((":", ";"))
    return fills >= WRAPPED or (is_lower and (measure.is_narrow or len(line.text) >= MIN_WIDTH))
