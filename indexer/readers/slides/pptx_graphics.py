"""Tables, charts and SmartArt of a slide, as rows and items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from indexer.readers.archive import Package, Relation
from indexer.readers.page import Table, row
from indexer.readers.sections import Sections
from indexer.readers.tables.sheet import LOOK_AHEAD, names_columns

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_D = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_TRUE = ("1", "true")


def add(frame: Any, package: Package, parts: Mapping[str, Relation], sections: Sections) -> None:
    """Add what a graphic frame shows."""
    for table in frame.iter(f"{A}tbl"):
        _add_table(table, sections)
    for chart in frame.iter(f"{_C}chart"):
        if found := parts.get(chart.get(f"{_R}id")):
            _add_chart(package.xml(found.part), sections)
    for diagram in frame.iter(f"{_D}relIds"):
        if found := parts.get(diagram.get(f"{_R}dm")):
            for text in package.xml(found.part).iter(f"{_D}t"):
                sections.add(_item(text_of(text)), "item")


def text_of(element: Any) -> str:
    """The paragraphs of a shape, a line each."""
    parts = list[str]()
    for child in element.iter(f"{A}t", f"{A}br", f"{A}p", f"{P}text"):
        if child.tag == f"{A}br" or (child.tag == f"{A}p" and parts):
            parts.append("\n")
        elif child.tag != f"{A}p":
            parts.append(child.text or "")
    return "".join(parts).replace("\x0b", "\n").strip()


def _item(text: str) -> str:
    return f"- {text}" if text else ""


def _add_table(table: Any, sections: Sections) -> None:
    rows = list[list[str]]()
    for line in table.iter(f"{A}tr"):
        rows.append(_values(line, rows[-1] if rows else []))
    style = table.find(f"{A}tblPr")
    named = style is not None and style.get("firstRow") in _TRUE
    first = rows[:LOOK_AHEAD]
    named = named or names_columns(first, [False] * len(first))
    head = Table(header=row(rows[0])) if named and rows else None
    for values in rows:
        sections.add(row(values), "row", table=head)


def _values(line: Any, above: list[str]) -> list[str]:
    """The cells of a row; merged ones have the value of the first."""
    values: list[str] = []
    for at, cell in enumerate(line.iter(f"{A}tc")):
        if cell.get("hMerge") in _TRUE and values:
            values.append(values[-1])
        elif cell.get("vMerge") in _TRUE and at < len(above):
            values.append(above[at])
        else:
            values.append(text_of(cell))
    return values


def _add_chart(chart: Any, sections: Sections) -> None:
    """A row a category, a column a series."""
    title = next(chart.iter(f"{_C}title"), None)
    series = list(chart.iter(f"{_C}ser"))
    if not series:
        return
    categories: dict[int, str] = {}
    for each in series:
        categories = _points(each, "cat", "xVal") | categories
    columns = [_points(each, "val", "yVal") for each in series]
    names = [" ".join(_points(each, "tx").values()) for each in series]
    table = Table(text_of(title) if title is not None else "", row(["", *names]))
    sections.add(table.name, "caption", table=table)
    sections.add(table.header, "row", table=table)
    for at in sorted(set(categories).union(*columns)):
        values = [column.get(at, "") for column in columns]
        sections.add(row([categories.get(at, str(at + 1)), *values]), "row", table=table)


def _points(series: Any, *names: str) -> dict[int, str]:
    """The texts or numbers that a chart keeps of the sheet behind it."""
    return {
        int(point.get("idx", "0")): _short(point.findtext(f"{_C}v") or "")
        for name in names
        for found in series.iterfind(f"{_C}{name}")
        for point in found.iter(f"{_C}pt")
    }


def _short(value: str) -> str:
    """A number as people write it: 0.1 and not 0.10000000000000001."""
    try:
        return f"{float(value):.12g}" if "." in value else value
    except ValueError:
        return value
