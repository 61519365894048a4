"""hOCR, which tesseract writes: lines of words, each with its place and how sure it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median_low
from typing import Any

from lxml import etree

from indexer.readers.layout.piece import GAP, Piece
from indexer.readers.letters.clean import clean
from indexer.readers.letters.mixed import mended
from indexer.readers.page import Unreadable

NOISE = 30  # per cent: lines that are read out of pictures and dirt are less sure
ALIKE = 0.15  # the share by which the letters of one size seem to differ
POINTS = 72.0  # an inch

_LINES = frozenset(("ocr_line", "ocr_header", "ocr_textfloat", "ocr_caption"))
_BOX = re.compile(r"\bbbox (\d{1,6}) (\d{1,6}) (\d{1,6}) (\d{1,6})\b")
_SURE = re.compile(r"\bx_wconf (\d{1,3})\b")
_BASE = re.compile(r"\bbaseline (-?\d{1,5}(?:\.\d+)?) (-?\d{1,5})")
# What letters take of the height of a line: those that are low, what others have above and below.
LOW, ABOVE, BELOW = 0.5, 0.22, 0.2
_HIGH = re.compile(r"[^\W_a-zа-я]|[bdfhklбйёф()\[\]«/!?%№]")
_DEEP = re.compile(r"[gjpqyдруфцщ(),;\[\]QДЦЩ№]")
_RULE = re.compile(r"[|¦_]+")  # the lines of a table


@dataclass(frozen=True)
class Scan:
    """What was recognised on a page, and how sure that is, in per cent."""

    pieces: list[Piece]
    confidence: int

    @property
    def letters(self) -> int:
        """How many there are."""
        return sum(len(piece.text) for piece in self.pieces)


@dataclass(slots=True)
class _Word:
    text: str
    left: float
    top: float
    right: float
    bottom: float
    sure: int

    @property
    def size(self) -> float:
        """The height of a line of such letters: a word may be without high or deep ones."""
        above = ABOVE if _HIGH.search(self.text) else 0
        below = BELOW if _DEEP.search(self.text) else 0
        return (self.bottom - self.top) / (LOW + above + below)


@dataclass(slots=True)
class _Line:
    """Words, and how they are set: all in pixels, from above."""

    words: list[_Word]
    size: float
    left: float
    base: float  # of the letters, at the left end
    slope: float

    @property
    def letters(self) -> int:
        return sum(len(word.text) for word in self.words)

    @property
    def sure(self) -> float:
        return sum(len(word.text) * word.sure for word in self.words) / self.letters

    def runs(self) -> Iterator[list[_Word]]:
        """Words without a wide gap between them."""
        run = self.words[:1]
        for word in self.words[1:]:
            if word.left - run[-1].right > GAP * self.size:
                yield run
                run = []
            run.append(word)
        yield run


def parse(written: bytes, dpi: int) -> Scan:
    """Raises Unreadable where that is no hOCR."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    root = etree.fromstring(written, parser) if written.strip() else None
    pages = [] if root is None else root.xpath("//*[@class='ocr_page']")
    box = _BOX.search(pages[0].get("title", "")) if pages else None
    if not box:
        raise Unreadable("damaged: tesseract gave nothing for one of its pages")
    lines = [line for line in map(_line, pages[0].iter()) if line and line.sure >= NOISE]
    letters = sum(line.letters for line in lines)
    sure = sum(line.letters * line.sure for line in lines)
    _set_alike(lines)
    return Scan(list(_pieces(lines, float(box[4]), dpi)), round(sure / letters) if letters else 0)


def _line(element: Any) -> _Line | None:
    """The line that this is, unless nothing is on it."""
    if element.get("class") not in _LINES:
        return None
    words = [word for word in map(_word, element.iter()) if word]
    box, base = (each.search(element.get("title", "")) for each in (_BOX, _BASE))
    if not words or not box:
        return None
    slope, above = map(float, base.groups()) if base else (0.0, 0.0)
    sizes = [word.size for word in words for _ in word.text]
    return _Line(words, median_low(sizes), float(box[1]), float(box[4]) + above, slope)


def _word(element: Any) -> _Word | None:
    if element.get("class") != "ocrx_word":
        return None
    text = mended(" ".join(clean("".join(element.itertext())).split()))
    box, sure = (each.search(element.get("title", "")) for each in (_BOX, _SURE))
    if not text or _RULE.fullmatch(text) or not box:
        return None
    left, top, right, bottom = map(float, box.groups())
    return _Word(text, left, top, right, bottom, min(int(sure[1]), 100) if sure else 0)


def _set_alike(lines: list[_Line]) -> None:
    """Give the size of most letters to all lines that are nearly of that size."""
    most = median_low([line.size for line in lines for _ in range(line.letters)] or [0.0])
    for line in lines:
        if abs(line.size - most) <= ALIKE * most:
            line.size = most


def _pieces(lines: list[_Line], height: float, dpi: int) -> Iterator[Piece]:
    scale, number = POINTS / dpi, 0
    for line in lines:
        for run in line.runs():
            base = line.base + line.slope * (run[0].left - line.left)
            bottom = height - base - BELOW * line.size
            yield Piece(
                " ".join(word.text for word in run),
                scale * run[0].left,
                scale * bottom,
                scale * run[-1].right,
                scale * (bottom + line.size),
                scale * line.size,
                at=number,
            )
            number += 1
