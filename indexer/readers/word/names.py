"""Names of WordprocessingML, and the few things that are asked of elements everywhere."""

from __future__ import annotations

from typing import Any

_MAIN = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def w(path: str) -> str:
    """A path of names of the main namespace: "pPr/pStyle"."""
    return "/".join(_MAIN + name for name in path.split("/"))


P, R, T, TBL, TR, TC = map(w, ("p", "r", "t", "tbl", "tr", "tc"))
PPR, SDT, TEXT_BOX, VAL = map(w, ("pPr", "sdt", "txbxContent", "val"))
# Deleted and moved-away text, properties, and second copies of text boxes for old Word.
_PROPERTIES = (
    "pPr", "rPr", "sdtPr", "sdtEndPr", "tblPr", "tblGrid", "tblPrEx", "trPr", "tcPr", "sectPr",
)  # fmt: skip
SKIPPED = frozenset(map(w, ("del", "moveFrom", *_PROPERTIES))) | {COMPATIBILITY + "Fallback"}


def child(parent: Any, tag: str) -> Any:
    """The first child with this tag, None if there is none: several times faster than find."""
    return next(parent.iterchildren(tag), None)


def value(parent: Any, path: str) -> str | None:
    """The w:val of the element at this path, "" where it has none, None where it is missing."""
    found = None if parent is None else parent.find(path)
    return None if found is None else found.get(VAL, "")


def number(text: str | None, default: int) -> int:
    """A number as it stands in a file, within reason."""
    digits = text or ""
    return int(digits) if digits.isdecimal() and len(digits) < 7 else default


def is_on(element: Any) -> bool:
    """Whether a switch, of which there may be none, is on."""
    return element is not None and element.get(VAL) not in ("0", "false", "off")
