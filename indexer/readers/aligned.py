"""Tables in plain text: neighbouring lines whose columns stand under each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

LEAST_ROWS = 3

_GAP = re.compile(r"(?<=\S) {2,}(?=\S)")
_BORDER = re.compile(r"[|│║]")
_MARKER = re.compile(r"\s*(?:\S|\(?\w{1,3}[.)])\s+")  # of a list item; what follows is no column
_RULER = "-=+|─━═┼├┤┌┐└┘╞╪╡│┬┴ "
_LEADERS = "...."
_BY_TAB, _BY_BORDER = 1 << 20_000, 1 << 20_001
_LONGEST = 1000  # characters of a line that may be a row


def tables(lines: list[str]) -> Iterator[range]:
    """Which lines are the rows of a table, rulers among them."""
    at = 0
    while at < len(lines):
        common, first, rows = _gaps(lines[at]), at, 1
        at += 1
        if not common:
            continue
        while at < len(lines):
            if gaps := common & _gaps(lines[at]):
                common, rows = gaps, rows + 1
            elif not is_ruler(lines[at]):
                break
            at += 1
        if rows >= LEAST_ROWS or (rows > 1 and _columns(common) > 2):
            yield range(first, at)


def is_ruler(line: str) -> bool:
    """Whether a line only parts rows: "----  -----", "+---+---+"."""
    return not line[:_LONGEST].strip(_RULER) and len(line.strip()) > 2


def _gaps(line: str) -> int:
    """A bit for each place between the columns of a line."""
    if len(line) > _LONGEST or _LEADERS in line:
        return 0
    if "\t" in line.strip():
        return _BY_TAB
    if _BORDER.search(line):
        return 0 if is_ruler(line) else _BY_BORDER
    if "  " not in line:
        return 0
    marker = _MARKER.match(line)
    gaps = 0
    for found in _GAP.finditer(line, marker.end() if marker else 0):
        gaps |= (1 << found.end()) - (1 << found.start())
    return gaps


def _columns(gaps: int) -> int:
    """How many columns these bits part."""
    return 1 + bin(gaps).count("01") + bin(gaps).startswith("0b1")
