"""The text of a PDF page in pieces with their places: characters without a gap between them."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median_low

import pypdfium2
import pypdfium2.raw as pdfium

from indexer.readers.letters.clean import clean
from indexer.readers.page import Kind
from indexer.readers.pdf.letters import letters_of
from indexer.readers.pdf.rules import Rule, Rules, rules_of
from indexer.readers.pdf.turn import Box, turned

GAP = 1.1  # heights of a character; a wider gap parts columns
FAR = 1.5  # heights from one line to another, whatever they say
NARROW = 0.1  # a gap where a border may stand
BOLD_WEIGHT = 600
LARGEST = 14_400  # points, five metres: no paper is larger

_HYPHENS = frozenset("\x02\xad\ufffe")  # pdfium's own for one at a line end, and a soft one
_BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)


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


def pieces_of(page: pypdfium2.PdfPage) -> tuple[list[Piece], Rules]:
    """The pieces of a page in pdfium's order, mostly that of drawing; and the lines drawn on it."""
    if max(page.get_size()) > LARGEST:  # a damaged box: pdfium takes memory by its size
        page.set_mediabox(0, 0, LARGEST, LARGEST)
    textpage = page.get_textpage()
    try:
        degrees = direction(textpage)
        rules = rules_of(page, degrees)
        runs = _Runs(textpage, degrees, rules.down)
        return [piece for piece in runs.pieces() if piece.text], rules
    finally:
        textpage.close()


def direction(textpage: pypdfium2.PdfTextPage) -> int:
    """By how many degrees clockwise most of the text has to be turned to be upright: 0, 90…"""
    count = textpage.count_chars()
    step = count // 20 + 1
    angles = [pdfium.FPDFText_GetCharAngle(textpage, at) for at in range(0, count, step)]
    turns = Counter(round(-math.degrees(angle) / 90) * 90 % 360 for angle in angles if angle >= 0)
    return turns.most_common(1)[0][0] if turns else 0


class _Runs:
    """Gathers the characters of a page into pieces."""

    def __init__(self, textpage: pypdfium2.PdfTextPage, degrees: int, borders: list[Rule]) -> None:
        self._textpage = textpage
        self._degrees = degrees
        self._borders = borders
        self._letters: list[str] = []
        self._first = self._last = 0  # numbers of characters
        self._heights = list[float]()
        self._box = self._before = (0.0, 0.0, 0.0, 0.0)  # of all, and of the last one

    def pieces(self) -> Iterator[Piece]:
        rectangle = pdfium.FS_RECTF()
        place = ctypes.byref(rectangle)
        for number, letter in enumerate(letters_of(self._textpage)):
            if letter in "\r\n":
                yield from self._end()
                continue
            pdfium.FPDFText_GetLooseCharBox(self._textpage, number, place)
            box = (rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
            if letter == " " or box[0] == box[2]:
                if self._letters and letter != "\0":
                    self._letters.append(letter)
                continue
            box = turned(box, self._degrees) if self._degrees else box
            if self._letters and self._ends_before(box):
                yield from self._end()
            self._add(letter, number, box)
        yield from self._end()

    def _ends_before(self, box: Box) -> bool:
        """Whether a character is of another piece: after a gap or border, or on another line."""
        left, bottom, right, top = self._before
        size = max(top - bottom, 1.0)
        if box[0] < left - size:
            return True
        gap = box[0] - right
        if gap > NARROW * size and any(
            right - 1 < each.at < box[0] + 1 and each.covers(top) for each in self._borders
        ):
            return True
        shift = abs(box[1] - bottom)
        if shift > size / 2:
            return shift > FAR * size or self._letters[-1] in _HYPHENS
        return gap > GAP * size

    def _add(self, letter: str, number: int, box: Box) -> None:
        if not self._letters:
            self._first, self._box, self._heights = number, box, []
        self._last, self._before = number, box
        self._heights.append(box[3] - box[1])
        self._letters.append(letter)
        all_, new = self._box, box
        self._box = (
            min(all_[0], new[0]), min(all_[1], new[1]), max(all_[2], new[2]), max(all_[3], new[3]),
        )  # fmt: skip

    def _end(self) -> Iterator[Piece]:
        if not self._letters:
            return
        letters, self._letters = self._letters, []
        text = "".join(letters).rstrip()  # with halves of letters from outside of UTF-16
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        hyphen = "-" if text[-1:] in _HYPHENS else ""
        text = " ".join(clean(text).split()) + hyphen
        is_bold = self._is_bold(self._first) and self._is_bold(self._last)
        yield Piece(text, *self._box, median_low(self._heights), is_bold, at=self._first)

    def _is_bold(self, number: int) -> bool:
        if pdfium.FPDFText_GetFontWeight(self._textpage, number) >= BOLD_WEIGHT:
            return True
        name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
        pdfium.FPDFText_GetFontInfo(self._textpage, number, name, 128, flags)
        return _BOLD.search(name.value.decode("utf-8", "replace")) is not None
