"""PDF pages that are pictures of text: scans, and text drawn as shapes."""

from __future__ import annotations

from itertools import islice

import pypdfium2
import pypdfium2.raw as pdfium

FEW = 200  # letters: a stamp, a running line, a number
COVERED = 0.5  # the share that its pictures take of a page which has such
SHAPES = 50  # of a page without letters and pictures that may be letters themselves
MOST_OBJECTS = 5000  # of a page that are looked at


def is_picture(page: pypdfium2.PdfPage, letters: int) -> bool:
    """Whether there are pictures on a page, or many shapes, and no text, or little beside them.

    So is a page whose text layer is garbage: nothing of it counts as letters.
    """
    if letters >= FEW:
        return False
    objects = list(islice(page.get_objects(max_depth=3), MOST_OBJECTS))
    pictures = [each for each in objects if each.type == pdfium.FPDF_PAGEOBJ_IMAGE]
    if not letters:
        kinds = [each.type for each in objects]
        shapes = kinds.count(pdfium.FPDF_PAGEOBJ_PATH)
        return bool(pictures) or shapes >= SHAPES or pdfium.FPDF_PAGEOBJ_TEXT in kinds
    width, height = page.get_size()
    return sum(map(_area, pictures)) >= COVERED * float(width * height)


def _area(picture: pypdfium2.PdfObject) -> float:
    left, bottom, right, top = picture.get_bounds()
    return max(float(right - left), 0.0) * max(float(top - bottom), 0.0)
