"""Functions of pdfium that are called for every character or path, in half the usual time.

They take addresses as plain numbers, and the lock of the interpreter is not given back meanwhile.
"""

from __future__ import annotations

import ctypes
from ctypes import c_int, c_uint, c_void_p
from typing import Any, Protocol

import pypdfium2.raw as pdfium


class Call(Protocol):
    """Takes and gives numbers."""

    def __call__(self, *args: int) -> int: ...


def address(handle: Any) -> int:
    """That of an object of pdfium."""
    return ctypes.cast(handle, c_void_p).value or 0


def _call(function: Any, result: Any, *arguments: Any) -> Call:
    return ctypes.PYFUNCTYPE(result, *arguments)(address(function))


unicode_at = _call(pdfium.FPDFText_GetUnicode, c_uint, c_void_p, c_int)
loose_box = _call(pdfium.FPDFText_GetLooseCharBox, c_int, c_void_p, c_int, c_void_p)
text_object = _call(pdfium.FPDFText_GetTextObject, c_void_p, c_void_p, c_int)
font_of = _call(pdfium.FPDFTextObj_GetFont, c_void_p, c_void_p)
object_at = _call(pdfium.FPDFPage_GetObject, c_void_p, c_void_p, c_int)
type_of = _call(pdfium.FPDFPageObj_GetType, c_int, c_void_p)
bounds_of = _call(pdfium.FPDFPageObj_GetBounds, c_int, c_void_p, *[c_void_p] * 4)
matrix_of = _call(pdfium.FPDFPageObj_GetMatrix, c_int, c_void_p, c_void_p)
count_segments = _call(pdfium.FPDFPath_CountSegments, c_int, c_void_p)
segment_at = _call(pdfium.FPDFPath_GetPathSegment, c_void_p, c_void_p, c_int)
point_of = _call(pdfium.FPDFPathSegment_GetPoint, c_int, c_void_p, c_void_p, c_void_p)
segment_type = _call(pdfium.FPDFPathSegment_GetType, c_int, c_void_p)
closes = _call(pdfium.FPDFPathSegment_GetClose, c_int, c_void_p)
