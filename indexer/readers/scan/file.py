"""Files that hold pictures: jpg, png, tiff, bmp, webp."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from indexer.readers.page import Unreadable
from indexer.readers.scan.picture import Picture

LARGEST = 200_000_000  # pixels of a file; none of paper has more
MOST = 20_000_000  # pixels of what is recognised: A3 at 300 dpi has 17
SMALL, SCALED = 1500, 2  # small letters are recognised better when they are larger
PAPER = 11.7  # inches of the longer side; what pictures tell of that is often wrong
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP")

_ORIENTATION = 0x0112  # the tag of EXIF, and what turns its values upright
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip

Image.MAX_IMAGE_PIXELS = None  # LARGEST is looked at before a pixel is read


class PictureFile:
    """The pictures of a file: all pages of a TIFF, of others the first one."""

    def __init__(self, path: Path) -> None:
        """Raises Unreadable, and whatever Pillow makes of a damaged file."""
        try:
            self._image = Image.open(path, formats=FORMATS)
        except UnidentifiedImageError as error:
            raise Unreadable("damaged: no picture that can be decoded") from error
        is_paged = self._image.format == "TIFF"
        self._count = getattr(self._image, "n_frames", 1) if is_paged else 1

    def __enter__(self) -> PictureFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._image.close()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Picture:
        image = self._image
        if number:
            image.seek(number)
        width, height = image.size
        if width * height > LARGEST:
            raise Unreadable(f"too large: a picture of {width * height // 10**6} megapixels")
        longer = max(width, height)
        most = (MOST * longer / min(width, height)) ** 0.5
        image.draft("L", (int(most), int(most)))  # of a JPEG, less is read then
        image.load()
        grey = _grey(_reduced(image, most))
        if turn := _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1)):
            grey = grey.transpose(turn)
        if longer < SMALL:
            grey = grey.resize(
                (SCALED * grey.width, SCALED * grey.height), Image.Resampling.BICUBIC
            )
        return Picture(np.asarray(grey), round(max(grey.size) / PAPER))


def _reduced(image: Image.Image, most: float) -> Image.Image:
    """With no more pixels than `most` on the longer side."""
    factor = -(-max(image.size) // int(most))
    if factor < 2:
        return image
    if image.mode in ("1", "P"):
        image = image.convert("RGBA" if "transparency" in image.info else "L")
    return image.reduce(factor)


def _grey(image: Image.Image) -> Image.Image:
    """In 256 shades, on white paper."""
    if image.mode.startswith(("I", "F")):
        shades = np.asarray(image, np.float32)
        shades = shades * (255 / max(float(shades.max(initial=1)), 255.0))
        return Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8))
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    if "A" not in image.getbands():
        return image.convert("L")
    paper = Image.new("L", image.size, 255)
    paper.paste(image.convert("L"), mask=image.getchannel("A"))
    return paper
