"""Notebooks of Jupyter: their texts, code and results as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from indexer.readers.books import records
from indexer.readers.markup import markdown
from indexer.readers.page import Page, Unreadable

MAX_MB = 100
MOST_OUTPUTS = 20  # of a cell
OUTPUT = 5000  # characters of one
MOST = 5_000_000  # characters of all

_BLANK_LINES = re.compile(r"\n\s*\n")
_CONTROLS = re.compile("\x1b\\[[0-9;]*[A-Za-z]")


def read(path: Path) -> Iterator[Page]:
    """The sections under the headings that stand in cells of text."""
    told = records.parsed(path, MAX_MB)
    cells = told.get("cells") if isinstance(told, dict) else None
    if cells is None and isinstance(told, dict):  # before version 4
        sheets = told.get("worksheets")
        first = sheets[0] if isinstance(sheets, list) and sheets else None
        cells = first.get("cells") if isinstance(first, dict) else None
    if not isinstance(cells, list):
        raise Unreadable("damaged: no notebook, it has no cells")
    parts, size = [], 0
    for cell in cells:
        for part in _cell(cell) if isinstance(cell, dict) else ():
            size += len(part)
            if size <= MOST:
                parts.append(part)
    yield from markdown.parse("\n\n".join(parts))
    if size > MOST:
        yield Page("", left_out=f"only the first {MOST // 1_000_000} million characters were read")


def _cell(cell: dict[str, Any]) -> Iterator[str]:
    kind, text = cell.get("cell_type"), _joined(cell.get("source", cell.get("input")))
    if kind == "code":
        yield _fenced(text)
        outputs = cell.get("outputs")
        for output in outputs[:MOST_OUTPUTS] if isinstance(outputs, list) else ():
            if isinstance(output, dict):
                yield _output(output)
    elif kind == "heading":
        level = cell.get("level")
        yield f"{'#' * (level if isinstance(level, int) and 0 < level < 7 else 1)} {text}"
    elif kind != "raw":
        yield text


def _output(output: dict[str, Any]) -> str:
    """The table that a result is, or its text, or the line that names an error."""
    if output.get("output_type") in ("error", "pyerr"):
        return _fenced(f"{output.get('ename')}: {output.get('evalue')}"[:OUTPUT])
    data = output.get("data")
    data = data if isinstance(data, dict) else {}
    made = _joined(data.get("text/html", output.get("html")))
    if "<table" in made and len(made) < 20 * OUTPUT:
        return _BLANK_LINES.sub("\n", f"<div>{made}</div>")
    plain = data.get("text/markdown") or data.get("text/plain") or output.get("text")
    return _fenced(_CONTROLS.sub("", _joined(plain)).strip("\n")[:OUTPUT])


def _fenced(text: str) -> str:
    if not text.strip():
        return ""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}\n{text}\n{fence}"


def _joined(value: object) -> str:
    if isinstance(value, list):
        return "".join(each for each in value if isinstance(each, str))
    return value if isinstance(value, str) else ""
