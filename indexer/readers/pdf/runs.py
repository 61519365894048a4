"""The characters of a PDF page in runs: those of a line, without a gap between them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from statistics import median_low
from typing import NamedTuple

import numpy as np
import pypdfium2
from numpy.typing import NDArray

from indexer.readers.layout.piece import GAP, Rule
from indexer.readers.pdf.boxes import Boxes, boxes_of
from indexer.readers.pdf.letters import HYPHENS, letters_of
from indexer.readers.pdf.turn import Box

FAR = 1.5  # heights from one line to another, whatever they say
NARROW = 0.1  # a gap where a border may stand

_HYPHENS = [*map(ord, HYPHENS)]


class Run(NamedTuple):
    """Characters, the numbers of the first and the last one, and the height of most."""

    text: str
    box: Box
    size: float
    first: int
    last: int


def runs_of(textpage: pypdfium2.PdfTextPage, degrees: int, borders: list[Rule]) -> Iterator[Run]:
    """The runs of a page turned upright, in pdfium's order; the borders go down between them."""
    text = letters_of(textpage)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    is_end = (codes == ord("\r")) | (codes == ord("\n"))
    seen, boxes = boxes_of(textpage, np.flatnonzero((codes != ord(" ")) & ~is_end), degrees)
    if not len(seen):
        return
    lines = np.cumsum(is_end)[seen]
    with np.errstate(invalid="ignore"):  # a damaged page has boxes of no number
        begins = lines[1:] != lines[:-1]
        begins |= _are_apart(boxes, np.isin(codes[seen[1:] - 1], _HYPHENS))
        begins |= _are_parted(boxes, borders)
        starts = np.concatenate(([0], np.flatnonzero(begins) + 1))
        extents = _extents(boxes, starts)
    heights = (boxes[3] - boxes[1]).tolist()
    ends = [*np.flatnonzero(is_end).tolist(), len(text)]
    numbers = [*seen.tolist(), len(text)]
    stops = [*starts[1:].tolist(), len(seen)]
    for start, stop, line, box in zip(starts.tolist(), stops, lines[starts], extents, strict=True):
        said = text[numbers[start] : min(numbers[stop], ends[line])]
        size = median_low(heights[start:stop])
        yield Run(said, box, size, numbers[start], numbers[stop - 1])


def _are_apart(boxes: Boxes, after_hyphen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of each character but the first: whether a gap is before it, or it is on another line."""
    left, bottom, right, top = boxes
    size = np.maximum(top - bottom, 1.0)[:-1]
    gap, shift = left[1:] - right[:-1], np.abs(bottom[1:] - bottom[:-1])
    is_far = (shift > FAR * size) | ((shift > size / 2) & after_hyphen)
    is_wide = (gap > GAP * size) & (shift <= size / 2)
    found: NDArray[np.bool_] = is_far | is_wide | (left[1:] < left[:-1] - size)
    return found


def _are_parted(boxes: Boxes, borders: list[Rule]) -> NDArray[np.bool_]:
    """Of each character but the first: whether a border is before it."""
    left, bottom, right, top = boxes
    found = np.zeros(len(left) - 1, np.bool_)
    if borders:
        size = np.maximum(top - bottom, 1.0)[:-1]
        borders = sorted(borders, key=lambda each: each.at)
        places = [border.at for border in borders]
        for at in np.flatnonzero(left[1:] - right[:-1] > NARROW * size).tolist():
            near = borders[
                bisect_right(places, right[at] - 1) : bisect_left(places, left[at + 1] + 1)
            ]
            found[at] = any(border.covers(top[at]) for border in near)
    return found


def _extents(boxes: Boxes, starts: NDArray[np.intp]) -> Iterator[Box]:
    """The boxes around the characters from each of these to the next."""
    left, bottom, right, top = boxes
    return zip(
        np.fmin.reduceat(left, starts).tolist(),
        np.fmin.reduceat(bottom, starts).tolist(),
        np.fmax.reduceat(right, starts).tolist(),
        np.fmax.reduceat(top, starts).tolist(),
        strict=True,
    )
