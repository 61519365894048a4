"""Pages that lie on their side."""

from __future__ import annotations

Box = tuple[float, float, float, float]  # left, bottom, right, top


def turned(box: Box, degrees: int) -> Box:
    """Where a box lies when the page is turned clockwise."""
    left, bottom, right, top = box
    if degrees == 90:
        return bottom, -right, top, -left
    if degrees == 180:
        return -right, -top, -left, -bottom
    if degrees == 270:
        return -top, left, -bottom, right
    return box
