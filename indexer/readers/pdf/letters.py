"""The characters of a PDF page, read as they are meant where fonts give them by wrong numbers."""

from __future__ import annotations

import ctypes
import sys
from collections import defaultdict
from collections.abc import Iterable

import pypdfium2
import pypdfium2.raw as pdfium

from indexer.readers.letters.garbage import is_garbage
from indexer.readers.letters.misread import are_glyphs, code_page, glyphs


def letters_of(textpage: pypdfium2.PdfTextPage) -> list[str]:
    """The characters in pdfium's order; none where they are garbage."""
    raw, unicode = textpage.raw, pdfium.FPDFText_GetUnicode
    codes = [unicode(raw, at) for at in range(textpage.count_chars())]
    letters = [chr(code) if code <= sys.maxunicode else "\ufffd" for code in codes]
    text = "".join(letters)
    if table := code_page(text):
        letters = list(text.translate(table))
    elif table := glyphs(text):
        for places in _by_font(textpage, len(letters)):
            if are_glyphs("".join(letters[at] for at in places), table):
                for at in places:
                    letters[at] = table.get(ord(letters[at]), letters[at])
    return [] if is_garbage("".join(letters)) else letters


def _by_font(textpage: pypdfium2.PdfTextPage, count: int) -> Iterable[list[int]]:
    """The numbers of the characters, font by font, without those that pdfium has put between."""
    fonts = defaultdict[int, list[int]](list)
    for at in range(count):
        if text := pdfium.FPDFText_GetTextObject(textpage, at):
            font = ctypes.cast(pdfium.FPDFTextObj_GetFont(text), ctypes.c_void_p)
            fonts[font.value or 0].append(at)
    return fonts.values()
