"""What people have filled in and noted on a PDF page: values of form fields, free text."""

from __future__ import annotations

import ctypes
from dataclasses import replace

import pypdfium2
import pypdfium2.raw as pdfium

from indexer.readers.layout.piece import Piece
from indexer.readers.letters.clean import clean

ABOVE = 2.5  # heights of a label that may lie between it and its field below
NOTE_SUBTYPES = (pdfium.FPDF_ANNOT_FREETEXT,)
CHECKED = "✓"

_BUTTONS = (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON)
_LONGEST = 1 << 16  # bytes of a value


def filled(page: pypdfium2.PdfPage, pieces: list[Piece]) -> tuple[list[Piece], list[str]]:
    """The pieces, labels with the values of their fields; and the notes on the page."""
    pieces, notes = list(pieces), list[str]()
    labels = list(pieces)
    for number in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            subtype = pdfium.FPDFAnnot_GetSubtype(annotation)
            if subtype in NOTE_SUBTYPES:
                note = _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
                notes += filter(None, [note])
            elif subtype == pdfium.FPDF_ANNOT_WIDGET and page.formenv:
                _fill(_Field(page.formenv, annotation), pieces, labels)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return pieces, notes


class _Field:
    """A field of a form as one of its places shows it."""

    def __init__(self, form: pypdfium2.PdfFormEnv, annotation: pdfium.FPDF_ANNOTATION) -> None:
        self._form, self._annotation = form, annotation
        rectangle = pdfium.FS_RECTF()
        pdfium.FPDFAnnot_GetRect(annotation, ctypes.byref(rectangle))
        self.left, self.right = sorted((rectangle.left, rectangle.right))
        self.bottom, self.top = sorted((rectangle.bottom, rectangle.top))
        self.is_button = pdfium.FPDFAnnot_GetFormFieldType(form, annotation) in _BUTTONS

    @property
    def value(self) -> str:
        if self.is_button:
            is_checked = pdfium.FPDFAnnot_IsChecked(self._form, self._annotation)
            return CHECKED if is_checked else ""
        return _string(pdfium.FPDFAnnot_GetFormFieldValue, self._form, self._annotation)

    @property
    def name(self) -> str:
        subject = self._form, self._annotation
        said = _string(pdfium.FPDFAnnot_GetFormFieldAlternateName, *subject)
        return said or _string(pdfium.FPDFAnnot_GetFormFieldName, *subject)

    def label(self, pieces: list[Piece]) -> Piece | None:
        """The text beside it: on the left, or above; of a button, on the right first."""
        beside = [each for each in pieces if each.bottom < self.top and each.top > self.bottom]
        after = [each for each in beside if self.is_button and each.left >= self.right - 2]
        before = [each for each in beside if each.right <= self.left + 2]
        above = [
            each
            for each in pieces
            if each.left < self.right and each.right > self.left
            and -2 <= each.bottom - self.top <= ABOVE * each.size
        ]  # fmt: skip
        if after:
            return min(after, key=lambda each: each.left)
        if before:
            return max(before, key=lambda each: each.right)
        return min(above, key=lambda each: each.bottom, default=None)


_WIDE = ctypes.POINTER(pdfium.FPDF_WCHAR)


def _fill(field: _Field, pieces: list[Piece], labels: list[Piece]) -> None:
    """Write its value beside its label, or under its own name where it stands."""
    if not (value := field.value):
        return
    label = field.label(labels)
    name = label.text if label else field.name
    text = f"{name.rstrip(' :_.…')}: {value}"
    if label in pieces:
        pieces[pieces.index(label)] = replace(label, text=text, kind="field")
    else:
        place = (field.left, field.bottom, field.right, field.top)
        pieces.append(Piece(text, *place, field.top - field.bottom, kind="field"))


def _string(function: ctypes._NamedFuncPointer, *subject: object) -> str:
    """The text from a function of pdfium that fills a buffer; without one it tells the size."""
    size = function(*subject, None, 0)
    buffer = ctypes.create_string_buffer(min(size, _LONGEST))
    function(*subject, ctypes.cast(buffer, _WIDE), len(buffer))
    text = buffer.raw[: len(buffer) // 2 * 2].decode("utf-16-le", "replace").rstrip("\0")
    return " ".join(clean(text).split())
