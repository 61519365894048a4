"""What the styles of an OpenDocument say of paragraphs, tables and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from indexer.readers.odf.document import n
from indexer.readers.page import Kind
from indexer.readers.word.names import number
from indexer.readers.word.styles import MAX_DEPTH

_NAME, _SHOWN, _PARENT, _FAMILY = map(
    n, ("style:name", "style:display-name", "style:parent-style-name", "style:family")
)
_OUTLINE, _LIST, _MASTER = map(
    n, ("style:default-outline-level", "style:list-style-name", "style:master-page-name")
)
_TEXT, _PARAGRAPH, _TABLE, _DRAWING = map(
    n,
    (
        "style:text-properties", "style:paragraph-properties", "style:table-properties",
        "style:drawing-page-properties",
    ),
)  # fmt: skip
_DISPLAY, _WEIGHT, _BREAK, _TABLE_DISPLAY, _VISIBILITY = map(
    n,
    (
        "text:display", "fo:font-weight", "fo:break-before", "table:display",
        "presentation:visibility",
    ),
)  # fmt: skip
_CODED = re.compile("_([0-9a-f]{2,4})_")
_LEVELS = {"title": 0} | {f"heading {level}": level for level in range(1, 11)}
_CONTENTS = re.compile(r"contents|toc |user index|table of|index")


@dataclass(frozen=True)
class Look:
    """What counts of a style, own or inherited; None where it says nothing."""

    level: int | None = None
    kind: Kind | None = None
    hidden: bool | None = None
    bold: bool | None = None
    breaks: bool | None = None
    list_style: str | None = None


class Styles:
    """Styles by family and name."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self._found = {
            (style.get(_FAMILY), style.get(_NAME)): style
            for root in roots
            for style in root.iterchildren(n("style:style"))
        }
        self.paragraph = cache(lambda name: self._look("paragraph", name))
        self.cell = cache(lambda name: self._look("table-cell", name))
        self.text = cache(lambda name: self._look("text", name))

    def is_shown(self, table: Any) -> bool:
        """Whether a sheet is not hidden."""
        style = self._found.get(("table", table.get(n("table:style-name"))))
        properties = None if style is None else style.find(_TABLE)
        return properties is None or properties.get(_TABLE_DISPLAY) != "false"

    def is_in_show(self, slide: Any) -> bool:
        """Whether a slide is not hidden."""
        style = self._found.get(("drawing-page", slide.get(n("draw:style-name"))))
        properties = None if style is None else style.find(_DRAWING)
        return properties is None or properties.get(_VISIBILITY) != "hidden"

    def _look(self, family: str, name: str | None) -> Look:
        look = Look()
        for _ in range(MAX_DEPTH):
            style = self._found.get((family, name))
            if style is None:
                break
            mine = _own(style, _decoded(name or ""))
            # What a style says itself goes before what it inherits.
            look = replace(
                look, **{key: value for key, value in vars(mine).items() if vars(look)[key] is None}
            )
            name = style.get(_PARENT)
        # Styles that a file names and does not declare are those of every day.
        if look != Look() or family != "paragraph":
            return look
        name = _decoded(name or "")
        return Look(_LEVELS.get(name), kind_of(name))


def _decoded(name: str) -> str:
    return _CODED.sub(lambda found: chr(int(found[1], 16)), name).lower()


def _own(style: Any, name: str) -> Look:
    name = (style.get(_SHOWN) or name).lower()
    text, paragraph = style.find(_TEXT), style.find(_PARAGRAPH)
    outline = number(style.get(_OUTLINE), 0)
    display = None if text is None else text.get(_DISPLAY)
    weight = None if text is None else text.get(_WEIGHT)
    before = None if paragraph is None else paragraph.get(_BREAK)
    return Look(
        level=outline or _LEVELS.get(name),
        kind=kind_of(name),
        hidden=None if display is None else display == "none",
        bold=None if weight is None else weight in ("bold", "600", "700", "800", "900"),
        breaks=True if style.get(_MASTER) else None if before is None else before == "page",
        list_style=style.get(_LIST),
    )


def level_of(name: str) -> int | None:
    """The level of headings of this style, by its lower-case English name."""
    return _LEVELS.get(name)


def kind_of(name: str) -> Kind | None:
    """What paragraphs of this style are, by its lower-case English name."""
    if _CONTENTS.match(name):
        return "contents"
    return "caption" if "caption" in name else None
