"""Books of EPUB: the chapters in their order, under the title of the book."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lxml import etree

from indexer.readers.archive import SAFE
from indexer.readers.letters.clean import clean
from indexer.readers.letters.encoding import guess
from indexer.readers.mail.letter import is_russian
from indexer.readers.page import Page, Unreadable, is_damage, why
from indexer.readers.sections import SEPARATOR, Sections, headings_of
from indexer.readers.web import html

MOST_MB, CHAPTER_MB = 256, 50  # unpacked

_CHAPTERS = (".xhtml", ".html", ".htm", ".xml")
_HEAD = re.compile(r"<title\b.*?</title\s*>|<title\b[^>]*/>", re.IGNORECASE | re.DOTALL)
_LINK = r"<a\b[^>]*(?:epub:type|role|class)=[\"'][^\"']*"
_NOTE = re.compile(rf"{_LINK}(?:noteref|footnote-ref)[^>]*>(?:<sup>)?([^<]*)(?:</sup>)?</a>")
_BACK = re.compile(rf"{_LINK}(?:backlink|footnote-back)[^>]*>[^<]*</a>")
_TOLD = {
    "creator": ("Автор", "Author"), "publisher": ("Издательство", "Publisher"),
    "date": ("Дата", "Date"), "description": ("О книге", "About"),
}  # fmt: skip
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def read(path: Path) -> Iterator[Page]:
    """The pages of chapter after chapter."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _Book(archive).pages()
    except Unreadable:
        raise
    except Exception as error:
        if not is_damage(error):
            raise
        raise Unreadable(f"damaged book: {why(error)}") from error


class _Book:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.lower(): name for name in archive.namelist()}
        self._left = MOST_MB * 1_000_000
        self._place = self._package()
        self._root = self._xml(self._place) if self._place else None

    def pages(self) -> Iterator[Page]:
        title = " ".join(self._told("title").split())
        chapters, contents = self._chapters()
        protected = self._protected()
        if protected.intersection(chapters):
            raise Unreadable("encrypted: the book is protected against copying (DRM)")
        sections = Sections()
        sections.heading(0, title)
        for name, labels in _TOLD.items():
            label = labels[0 if is_russian(title) else 1]
            sections.add(f"{label}: {value}" if (value := self._told(name)) else "", "field")
        yield from sections.take(last=True)
        for name in chapters:
            for page in self._chapter(name) if name not in contents else ():
                above = [part for part in headings_of(page.heading) if part != title]
                yield replace(page, heading=SEPARATOR.join(filter(None, (title, *above))) or None)

    def _package(self) -> str:
        """The name of the part that lists the others."""
        if "meta-inf/container.xml" in self._names:
            root = self._xml("META-INF/container.xml")
            for element in root.iter("{*}rootfile") if root is not None else ():
                place = unquote(element.get("full-path") or "")
                if place.lower() in self._names:
                    return place
        return next((name for name in self._names.values() if name.endswith(".opf")), "")

    def _told(self, name: str) -> str:
        found = self._root.iter(f"{{*}}{name}") if self._root is not None else ()
        texts = (clean("".join(element.itertext())).strip() for element in found)
        return _text(", ".join(dict.fromkeys(filter(None, texts))))

    def _chapters(self) -> tuple[list[str], set[str]]:
        """The names of the chapters in their order; those that are tables of contents."""
        items: dict[str, tuple[str, Mapping[str, str]]] = {}
        for element in self._root.iter("{*}item") if self._root is not None else ():
            folder = posixpath.dirname(self._place)
            place = posixpath.normpath(posixpath.join(folder, unquote(element.get("href") or "")))
            items[element.get("id") or place] = place, element.attrib
        spine = self._root.iter("{*}itemref") if self._root is not None else ()
        named = [items[key][0] for each in spine if (key := each.get("idref") or "") in items]
        if not named:
            named = [place for place, _ in items.values()] or sorted(self._names.values())
        found = [place for place in named if place.lower().endswith(_CHAPTERS)]
        contents = {place for place, told in items.values() if _is_nav(told)}
        return [place for place in found if place != self._place], contents

    def _protected(self) -> set[str]:
        """The names of parts that are encrypted, but for fonts."""
        if "meta-inf/encryption.xml" not in self._names:
            return set()
        found = set()
        for data in self._xml("META-INF/encryption.xml").iter("{*}EncryptedData"):
            method = next(data.iter("{*}EncryptionMethod"), None)
            if method is None or method.get("Algorithm") not in _FONTS:
                for each in data.iter("{*}CipherReference"):
                    found.add(unquote(each.get("URI") or ""))
        return found

    def _chapter(self, name: str) -> Iterator[Page]:
        """The pages of one; one that is missing, or holds but a script, has none."""
        if name.lower() not in self._names:
            return
        data = self._content(name)
        text = _HEAD.sub("", data.decode(guess(data), "replace").lstrip("\ufeff"))
        text = _BACK.sub("", _NOTE.sub(r" [\1]", text))
        try:
            yield from html.parse(html.opened([text]))
        except Unreadable:
            return

    def _xml(self, name: str) -> Any:
        parser = etree.XMLParser(recover=True, **SAFE)
        return etree.fromstring(self._content(name), parser)

    def _content(self, name: str) -> bytes:
        info = self._archive.getinfo(self._names[name.lower()])
        if info.flag_bits & 1:
            raise Unreadable("encrypted: save a copy without a password")
        self._left -= info.file_size
        if info.file_size > CHAPTER_MB * 1_000_000 or self._left < 0:
            raise Unreadable(f"too large: the limit is {MOST_MB} MB, {CHAPTER_MB} MB a chapter")
        return self._archive.read(info)


def _is_nav(told: Mapping[str, str]) -> bool:
    return "nav" in (told.get("properties") or "").split()


def _text(value: str) -> str:
    """A value without the HTML that it may hold."""
    return " ".join(re.sub(r"<[^>]*>", " ", value).split())
