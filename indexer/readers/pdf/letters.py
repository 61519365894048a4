"""The characters of a PDF page, read as they are meant where fonts give them by wrong numbers."""

from __future__ import annotations

import ctypes
import sys
from collections import defaultdict
from collections.abc import Iterable
from itertools import repeat

import pypdfium2
import pypdfium2.raw as pdfium

from indexer.readers.letters.english import mended
from indexer.readers.letters.garbage import is_garbage
from indexer.readers.letters.misread import are_glyphs, code_page, glyphs
from indexer.readers.pdf import calls

HYPHENS = ("\x02", "\xad", "\ufffe")  # pdfium's own for one at a line end, and a soft one

_UNITS = ctypes.POINTER(ctypes.c_ushort)


def letters_of(textpage: pypdfium2.PdfTextPage) -> str:
    """The characters in pdfium's order; none where they are garbage."""
    text = _text(textpage)
    if table := code_page(text):
        text = text.translate(table)
    elif table := glyphs(text):
        letters = list(text)
        for places in _by_font(textpage, len(letters)):
            if are_glyphs("".join(letters[at] for at in places), table):
                for at in places:
                    letters[at] = table.get(ord(letters[at]), letters[at])
        text = "".join(letters)
    return "" if is_garbage(text) else mended(text)


def _text(textpage: pypdfium2.PdfTextPage) -> str:
    """All characters: at once, or each by its number where pdfium's text lacks some."""
    count = textpage.count_chars()
    buffer = ctypes.create_string_buffer(2 * count + 2)
    pdfium.FPDFText_GetText(textpage, 0, count, ctypes.cast(buffer, _UNITS))
    text = buffer.raw[:-2].decode("utf-16-le", "surrogatepass").rstrip("\0")
    if len(text) == count:
        return text.replace("\ufffe", "\x02")  # both are its hyphens at line ends
    codes = map(calls.unicode_at, repeat(calls.address(textpage.raw)), range(count))
    return "".join(chr(code) if code <= sys.maxunicode else "\ufffd" for code in codes)


def _by_font(textpage: pypdfium2.PdfTextPage, count: int) -> Iterable[list[int]]:
    """The numbers of the characters, font by font, without those that pdfium has put between."""
    fonts = defaultdict[int, list[int]](list)
    page = calls.address(textpage.raw)
    for at in range(count):
        if text := calls.text_object(page, at):
            fonts[calls.font_of(text) or 0].append(at)
    return fonts.values()
