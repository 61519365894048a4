"""A page as tesseract is given it: grey, level, of a size that suits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SKEWS = np.arange(-4.0, 4.01, 0.25)  # degrees that are tried
LEAST_SKEW = 0.3
SHARPER = 1.1  # how much clearer lines stand apart when they are turned by their skew
PREVIEW = 1000  # pixels of the longer side, of what shows the skew
FLAT = 24  # of 256 shades: fewer show no letters

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """Shades of grey, from above, and how many pixels of it make an inch."""

    pixels: Grey
    dpi: int

    @property
    def is_blank(self) -> bool:
        """Whether nothing can stand on it."""
        low, high = np.percentile(self.pixels[::2, ::2], (0.02, 99.98))
        return bool(high - low < FLAT)

    def as_pgm(self) -> bytes:
        """In the plainest format that tesseract reads."""
        height, width = self.pixels.shape
        return b"P5\n%d %d\n255\n" % (width, height) + self.pixels.tobytes()

    def turned(self, degrees: int) -> Picture:
        """Clockwise, by quarters of a circle."""
        return Picture(np.ascontiguousarray(np.rot90(self.pixels, -degrees // 90)), self.dpi)

    def levelled(self) -> Picture:
        """With its lines level: of a page that is askew tesseract leaves out paragraphs."""
        angle = _skew(self.pixels)
        if abs(angle) < LEAST_SKEW:
            return self
        shade = int(np.percentile(self.pixels[::8, ::8], 75))
        turned = Image.fromarray(self.pixels).rotate(
            angle, Image.Resampling.BICUBIC, fillcolor=shade
        )
        return Picture(np.asarray(turned), self.dpi)


def _skew(pixels: Grey) -> float:
    """By how many degrees counterclockwise lines are to be turned to be level.

    At that angle dark and light rows differ most.
    """
    step = max(1, max(pixels.shape) // PREVIEW)
    height, width = (side // step * step for side in pixels.shape)
    boxes = pixels[:height, :width].reshape(height // step, step, width // step, step)
    small = boxes.mean((1, 3), dtype=np.float32)
    small = np.abs(small - np.median(small))
    clear = [_clearness(small, float(angle)) for angle in SKEWS]
    best = int(np.argmax(clear))
    if clear[best] < SHARPER * _clearness(small, 0):
        return 0.0
    return float(SKEWS[best])


def _clearness(dark: NDArray[np.float32], degrees: float) -> float:
    """How much neighbouring rows differ when the columns are moved as a turn would move them."""
    height, width = dark.shape
    moved = np.rint((np.arange(width) - width / 2) * np.tan(np.radians(degrees))).astype(int)
    rows = np.clip(np.arange(height)[:, None] + moved[None, :], 0, height - 1)
    sums = dark[rows, np.arange(width)].sum(1)
    return float(np.square(np.diff(sums)).sum())
