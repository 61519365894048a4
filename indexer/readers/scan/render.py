"""PDF pages as pictures."""

from __future__ import annotations

import numpy as np
import pypdfium2

from indexer.readers.scan.file import MOST
from indexer.readers.scan.picture import Picture

DPI, LEAST_DPI = 300, 36
POINTS = 72  # an inch


def rendered(page: pypdfium2.PdfPage) -> Picture:
    """A page as it looks, in a resolution that suits letters and is not too much for its size."""
    width, height = page.get_size()
    most = POINTS * (MOST / max(width * height, 1.0)) ** 0.5
    dpi = int(max(LEAST_DPI, min(DPI, most)))
    bitmap = page.render(scale=dpi / POINTS, grayscale=True)
    try:
        return Picture(np.array(bitmap.to_numpy()).reshape(bitmap.height, bitmap.width), dpi)
    finally:
        bitmap.close()
