"""What the styles of a Word document say of its paragraphs."""

from __future__ import annotations

from typing import Any

from indexer.readers.page import Kind
from indexer.readers.word.names import is_on, value, w

MAX_DEPTH = 12  # of styles based on others; files may have loops

_LEVELS = {"title": 0} | {f"heading {level}": level for level in range(1, 10)}
# In the file names are English in any Word.
_KINDS: dict[str, Kind] = {
    "caption": "caption", "toc heading": "contents", "table of figures": "contents",
    **dict.fromkeys((f"toc {level}" for level in range(1, 10)), "contents"),
}  # fmt: skip
_OUTLINE = w("pPr/outlineLvl")


class Styles:
    """Level of heading, kind and visibility by the id of a style, also of those based on it."""

    def __init__(self, root: Any) -> None:
        styles = () if root is None else root.iterfind(w("style"))
        self._found = {style.get(w("styleId")): style for style in styles}
        self.levels: dict[str | None, int | None] = {}
        self.kinds: dict[str | None, Kind] = {}
        self.hidden: set[str | None] = set()
        for name in self._found:
            self._learn(name)

    def _learn(self, name: str) -> None:
        for style in self._line(name):
            title = (value(style, w("name")) or "").lower()
            outline = value(style, _OUTLINE)
            if name not in self.levels and (title in _LEVELS or outline is not None):
                self.levels[name] = _LEVELS.get(title, outline_level(outline))
            if title in _KINDS:
                self.kinds.setdefault(name, _KINDS[title])
            if is_on(style.find(w("rPr/vanish"))):
                self.hidden.add(name)

    def _line(self, name: str | None) -> list[Any]:
        """The style and those that it is based on."""
        line: list[Any] = []
        while name in self._found and len(line) < MAX_DEPTH:
            line.append(self._found[name])
            name = value(line[-1], w("basedOn"))
        return line


def outline_level(text: str | None) -> int | None:
    """0 to 8 are headings 1 to 9; 9 is body text."""
    return int(text) + 1 if text in tuple("012345678") else None
