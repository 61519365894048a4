"""The straight lines that are drawn on a PDF page, as the borders of tables are."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from indexer.readers.pdf.turn import Box, turned

THIN = 3.0  # points; what is thicker is an area, whose edges are lines
JOINT = 3.0  # a gap between two pieces of a line, or less: dashes
SAME = 2.0  # from one line to another that is the same
SHORTEST = 6.0
MOST_PATHS, MOST_POINTS, MOST_LINES = 4000, 500, 400  # what has more is a drawing


@dataclass(slots=True)
class Rule:
    """A line: where it lies, and from where to where it goes along the other axis."""

    at: float
    start: float
    stop: float

    def covers(self, place: float) -> bool:
        return self.start - SAME <= place <= self.stop + SAME


@dataclass(slots=True)
class Rules:
    """The lines that go across a page, and those that go down it."""

    across: list[Rule]
    down: list[Rule]


def rules_of(page: pypdfium2.PdfPage, degrees: int) -> Rules:
    """The lines on a page turned upright; none where they are too many for tables."""
    across, down = list[Rule](), list[Rule]()
    for box in _boxes(page):
        left, bottom, right, top = turned(box, degrees)
        if top - bottom <= THIN and right - left > top - bottom:
            across.append(Rule((bottom + top) / 2, left, right))
        elif right - left <= THIN:
            down.append(Rule((left + right) / 2, bottom, top))
    rules = Rules(_joined(across), _joined(down))
    if max(len(rules.across), len(rules.down)) > MOST_LINES:
        return Rules([], [])
    return rules


def _boxes(page: pypdfium2.PdfPage) -> list[Box]:
    """The boxes of thin paths, and of the straight edges of others; none of a drawing."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    boxes, paths = list[Box](), 0
    for number in range(pdfium.FPDFPage_CountObjects(page)):
        path = pdfium.FPDFPage_GetObject(page, number)
        if pdfium.FPDFPageObj_GetType(path) != pdfium.FPDF_PAGEOBJ_PATH:
            continue
        paths += 1
        if paths > MOST_PATHS:
            return []
        pdfium.FPDFPageObj_GetBounds(path, left, bottom, right, top)
        box = (left.value, bottom.value, right.value, top.value)
        if min(box[2] - box[0], box[3] - box[1]) <= THIN:
            boxes.append(box)
        else:
            boxes += _edges(path)
    return boxes


def _edges(path: pdfium.FPDF_PAGEOBJECT) -> Iterator[Box]:
    count = pdfium.FPDFPath_CountSegments(path)
    if count > MOST_POINTS:
        return
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(path, matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    first = before = (0.0, 0.0)
    for number in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path, number)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield from _edge(before, point)
        if pdfium.FPDFPathSegment_GetClose(segment):
            yield from _edge(point, first)
        before = point


def _edge(start: tuple[float, float], stop: tuple[float, float]) -> Iterator[Box]:
    (left, right), (bottom, top) = sorted((start[0], stop[0])), sorted((start[1], stop[1]))
    if min(right - left, top - bottom) < 0.5:
        yield left, bottom, right, top


def _joined(rules: list[Rule]) -> list[Rule]:
    """The lines whole: of pieces that follow each other, and drawn once."""
    rows = list[list[Rule]]()
    for rule in sorted(rules, key=lambda each: each.at):
        if rows and rule.at - rows[-1][-1].at <= SAME:
            rows[-1].append(rule)
        else:
            rows.append([rule])
    return [rule for row in rows for rule in _spans(row) if rule.stop - rule.start >= SHORTEST]


def _spans(row: list[Rule]) -> list[Rule]:
    at = sum(rule.at for rule in row) / len(row)
    spans = list[Rule]()
    for rule in sorted(row, key=lambda each: each.start):
        if spans and rule.start - spans[-1].stop <= JOINT:
            spans[-1].stop = max(spans[-1].stop, rule.stop)
        else:
            spans.append(Rule(at, rule.start, rule.stop))
    return spans
