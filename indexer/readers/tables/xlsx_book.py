"""What the sheets of an Excel workbook share: their names, texts, styles, and comments."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from lxml import etree

from indexer.readers.archive import SAFE, Package, without_doctype
from indexer.readers.tables.number_format import GENERAL, Language

# What the numbers of formats mean that no file declares.
_FORMATS = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00",
    14: "mm-dd-yy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "dd.mm.yyyy h:mm", 37: "#,##0;-#,##0",
    38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00", 45: "mm:ss",
    46: "[h]:mm:ss", 47: "mm:ss.0", 48: "0.0E+0",
}  # fmt: skip
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CYRILLIC = re.compile("[А-яЁё]")
_LONGEST = 255  # characters of a format
_HEADS = 9  # sheets whose first rows are looked into
_NO = (None, "0", "false")


@dataclass(frozen=True)
class Sheet:
    """A sheet and the part of the archive that holds it."""

    name: str
    hidden: bool
    part: str


@dataclass(frozen=True)
class Style:
    """How the cells of a style look, as far as their text tells."""

    code: str = GENERAL
    bold: bool = False


class Book:
    """A workbook, transitional or strict; nothing outside the archive is touched."""

    def __init__(self, package: Package) -> None:
        self.package = package
        part = package.main()
        root = package.xml(part)
        if etree.QName(root).localname != "workbook":
            raise ValueError("no workbook inside")
        properties = root.find("{*}workbookPr")
        self.since_1904 = properties is not None and properties.get("date1904") not in _NO
        # A damaged list may name one a thousand times.
        self.sheets = list({sheet.part: sheet for sheet in self._sheets(root, part)}.values())
        parts = {relation.kind: relation.part for relation in package.relations(part).values()}
        self.strings = list(self._strings(parts.get("sharedStrings", "")))
        self.styles = self._styles(parts.get("styles", ""))
        self.language = Language(self._is_russian())

    def notes(self, sheet: Sheet) -> dict[str, list[str]]:
        """The comments of a sheet by cell; of a thread, each without the words for old Excel."""
        notes: dict[str, dict[str, list[str]]] = {}
        for kind, part in self.package.relations(sheet.part).values():
            if kind in ("comments", "threadedComment"):
                tag = "text" if kind == "threadedComment" else "t"
                found = notes.setdefault(kind, defaultdict(list))
                for comment in self.package.xml(part).iter("{*}comment", "{*}threadedComment"):
                    found[comment.get("ref", "")].append(text_of(comment, tag))
        return notes.get("comments", {}) | notes.get("threadedComment", {})

    def boxes(self, sheet: Sheet) -> Iterator[str]:
        """The texts of the shapes that lie on a sheet."""
        for kind, part in self.package.relations(sheet.part).values():
            if kind == "drawing":
                for body in self.package.xml(part).iter("{*}txBody"):
                    yield "\n".join(map(text_of, body.iterfind("{*}p")))

    def rows(self, sheet: Sheet) -> Iterator[Any]:
        """The elements of columns and rows, each gone when the next one comes."""
        return self._stream(sheet.part, "col", "row")

    def _sheets(self, root: Any, part: str) -> Iterator[Sheet]:
        targets = self.package.relations(part)
        for element in root.iterfind("{*}sheets/{*}sheet"):
            name = next((value for key, value in element.items() if key.endswith("}id")), "")
            kind, target = targets.get(name, ("", ""))
            if kind == "worksheet" and self.package.has(target):
                hidden = element.get("state", "visible") != "visible"
                yield Sheet(element.get("name", ""), hidden, target)

    def _strings(self, part: str) -> Iterator[str]:
        return map(text_of, self._stream(part, "si")) if self.package.has(part) else iter(())

    def _styles(self, part: str) -> list[Style]:
        if not self.package.has(part):
            return []
        root = self.package.xml(part)
        codes = _FORMATS | {
            int(each.get("numFmtId")): each.get("formatCode", GENERAL)
            for each in root.iterfind("{*}numFmts/{*}numFmt")
        }
        bold = [_is_bold(font) for font in root.iterfind("{*}fonts/{*}font")]
        styles = []
        for each in root.iterfind("{*}cellXfs/{*}xf"):
            font = int(each.get("fontId", 0))
            code = codes.get(int(each.get("numFmtId", 0)), GENERAL)
            styles.append(Style(code[:_LONGEST], font < len(bold) and bold[font]))
        return styles

    def _is_russian(self) -> bool:
        """Whose program shows it, by the words in it."""
        names = [sheet.name for sheet in self.sheets]
        heads = (self._head(sheet.part) for sheet in self.sheets[:_HEADS])
        return any(map(_CYRILLIC.search, chain(names, self.strings[:5000], heads)))

    def _head(self, part: str) -> str:
        with self.package.open(part) as file:
            return file.read(1 << 16).decode("utf-8", "replace")

    def _stream(self, part: str, *names: str) -> Iterator[Any]:
        with self.package.open(part) as file:
            tags = [f"{{*}}{name}" for name in names]
            for _, element in etree.iterparse(file, tag=tags, **SAFE):
                without_doctype(element)
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]


def text_of(element: Any, tag: str = "t") -> str:
    """The text below an element, without how it is pronounced."""
    if len(element) == 1 and element[0].tag.endswith(f"}}{tag}"):
        return unescape(element[0].text or "")
    return unescape("".join(
        each.text or ""
        for each in element.iter(f"{{*}}{tag}")
        if not each.getparent().tag.endswith("}rPh")
    ))  # fmt: skip


def unescape(text: str) -> str:
    """Control characters stand as _x000D_ in the file."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _is_bold(font: Any) -> bool:
    bold = font.find("{*}b")
    return bold is not None and bold.get("val") not in _NO[1:]
