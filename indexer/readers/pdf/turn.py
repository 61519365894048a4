"""Pages that lie on their side."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Place = TypeVar("_Place", float, NDArray[np.float64])

Box = tuple[float, float, float, float]  # left, bottom, right, top


def turned(
    box: tuple[_Place, _Place, _Place, _Place], degrees: int
) -> tuple[_Place, _Place, _Place, _Place]:
    """Where a box lies, or many do, when the page is turned clockwise."""
    left, bottom, right, top = box
    if degrees == 90:
        return bottom, -right, top, -left
    if degrees == 180:
        return -right, -top, -left, -bottom
    if degrees == 270:
        return -top, left, -bottom, right
    return box
