"""The straight lines that are drawn on a PDF page, as the borders of tables are."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import islice, repeat

import pypdfium2
import pypdfium2.raw as pdfium

from indexer.readers.layout.piece import SAME, Rule, Rules
from indexer.readers.pdf import calls
from indexer.readers.pdf.turn import Box, turned

THIN = 3.0  # points; what is thicker is an area, whose edges are lines
JOINT = 3.0  # a gap between two pieces of a line, or less: dashes
SHORTEST = 6.0
MOST_PATHS, MOST_POINTS, MOST_LINES = 4000, 500, 400  # what has more is a drawing


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
    sides = (ctypes.c_float * 4)()
    places = range(ctypes.addressof(sides), ctypes.addressof(sides) + ctypes.sizeof(sides), 4)
    numbers = range(pdfium.FPDFPage_CountObjects(page.raw))
    objects = map(calls.object_at, repeat(calls.address(page.raw)), numbers)
    drawn = (each for each in objects if calls.type_of(each) == pdfium.FPDF_PAGEOBJ_PATH)
    paths = list(islice(drawn, MOST_PATHS + 1))
    if len(paths) > MOST_PATHS:
        return []
    boxes = list[Box]()
    for path in paths:
        calls.bounds_of(path, *places)
        left, bottom, right, top = sides
        if min(right - left, top - bottom) <= THIN:
            boxes.append((left, bottom, right, top))
        else:
            boxes += _edges(path)
    return boxes


def _edges(path: int) -> Iterator[Box]:
    count = calls.count_segments(path)
    if count > MOST_POINTS:
        return
    matrix, place = (ctypes.c_float * 6)(), (ctypes.c_float * 2)()
    calls.matrix_of(path, ctypes.addressof(matrix))
    a, b, c, d, e, f = matrix
    x_at = ctypes.addressof(place)
    first = before = (0.0, 0.0)
    for number in range(count):
        segment = calls.segment_at(path, number)
        calls.point_of(segment, x_at, x_at + 4)
        x, y = place
        point = (a * x + c * y + e, b * x + d * y + f)
        kind = calls.segment_type(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield from _edge(before, point)
        if calls.closes(segment):
            yield from _edge(point, first)
        before = point


def _edge(start: tuple[float, float], stop: tuple[float, float]) -> Iterator[Box]:
    (x, y), (other_x, other_y) = start, stop
    if min(abs(other_x - x), abs(other_y - y)) < 0.5:
        yield min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y)


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
