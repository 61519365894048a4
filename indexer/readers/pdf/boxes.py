"""Where the characters of a PDF page stand."""

from __future__ import annotations

import ctypes
from collections import deque
from itertools import repeat

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from indexer.readers.pdf import calls
from indexer.readers.pdf.turn import turned

Boxes = NDArray[np.float64]  # left, bottom, right, top: four rows, a column a character


def boxes_of(
    textpage: pypdfium2.PdfTextPage, numbers: NDArray[np.intp], degrees: int
) -> tuple[NDArray[np.intp], Boxes]:
    """Which of these characters have any width, and their boxes on the page turned clockwise."""
    size = ctypes.sizeof(pdfium.FS_RECTF)
    found = np.zeros((len(numbers), size // 4), np.float32)
    page, start = calls.address(textpage.raw), found.ctypes.data
    places = range(start, start + size * len(numbers), size)
    deque(map(calls.loose_box, repeat(page), numbers.tolist(), places), maxlen=0)
    is_wide = found[:, 0] != found[:, 2]
    left, top, right, bottom = found[is_wide].T.astype(np.float64)
    return numbers[is_wide], np.stack(turned((left, bottom, right, top), degrees))
