"""The text of a PDF page in pieces with their places: characters without a gap between them."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from functools import lru_cache

import pypdfium2
import pypdfium2.raw as pdfium

from indexer.readers.layout.piece import Piece, Rules
from indexer.readers.letters.clean import clean
from indexer.readers.pdf.letters import HYPHENS
from indexer.readers.pdf.rules import rules_of
from indexer.readers.pdf.runs import Run, runs_of

BOLD_WEIGHT = 600
LARGEST = 14_400  # points, five metres: no paper is larger

_NAME, _FLAGS = ctypes.create_string_buffer(128), ctypes.c_int()  # of a font, one at a time
_HALF = re.compile("[\ud800-\udfff]")
_BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)


def pieces_of(page: pypdfium2.PdfPage) -> tuple[list[Piece], Rules]:
    """The pieces of a page in pdfium's order, mostly that of drawing; and the lines drawn on it."""
    if max(page.get_size()) > LARGEST:  # a damaged box: pdfium takes memory by its size
        page.set_mediabox(0, 0, LARGEST, LARGEST)
    textpage = page.get_textpage()
    try:
        degrees = direction(textpage)
        rules = rules_of(page, degrees)
        pieces = [_piece(textpage, run) for run in runs_of(textpage, degrees, rules.down)]
        return [piece for piece in pieces if piece.text], rules
    finally:
        textpage.close()


def direction(textpage: pypdfium2.PdfTextPage) -> int:
    """By how many degrees clockwise most of the text has to be turned to be upright: 0, 90…"""
    count = textpage.count_chars()
    step = count // 20 + 1
    angles = [pdfium.FPDFText_GetCharAngle(textpage.raw, at) for at in range(0, count, step)]
    turns = Counter(round(-math.degrees(angle) / 90) * 90 % 360 for angle in angles if angle >= 0)
    return turns.most_common(1)[0][0] if turns else 0


def _piece(textpage: pypdfium2.PdfTextPage, run: Run) -> Piece:
    text = run.text.rstrip()
    if _HALF.search(text):  # of a letter from outside of UTF-16
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    hyphen = "-" if text.endswith(HYPHENS) else ""
    text = " ".join(clean(text).split()) + hyphen
    is_bold = _is_bold(textpage, run.first) and _is_bold(textpage, run.last)
    return Piece(text, *run.box, run.size, is_bold, at=run.first)


def _is_bold(textpage: pypdfium2.PdfTextPage, number: int) -> bool:
    if pdfium.FPDFText_GetFontWeight(textpage.raw, number) >= BOLD_WEIGHT:
        return True
    pdfium.FPDFText_GetFontInfo(textpage.raw, number, _NAME, len(_NAME), _FLAGS)
    return _says_bold(_NAME.value)


@lru_cache
def _says_bold(name: bytes) -> bool:
    return _BOLD.search(name.decode("utf-8", "replace")) is not None
