"""What the index knows of the documents themselves: names, dates, headings, numbered clauses."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.text import shortened
from indexer.passages.facts import name_words
from indexer.passages.words import content_words, stem, words
from indexer.readers.sections import headings_of, last_heading
from indexer.store.store import Store

OPENING = 300  # characters of a document's first lines
CLAUSE = 700  # characters of a clause
HEADINGS = 10
MENTIONS = 10
_NOT_SAID = ("contents", "furniture", "row")
_GENERIC = (
    *("документ", "документа", "документе", "документы", "файл", "файла", "файле", "наш", "наша"),
    *("о", "об", "про", "в", "во", "на", "по", "из", "с", "и", "document", "documents", "file"),
    *("the", "a", "an", "of", "in", "on", "our", "pdf", "docx", "doc", "xlsx", "pptx", "txt"),
    *("md", "html", "rtf", "odt", "csv", "xls", "ppt", "ods", "odp"),
)
_PART = r"стать[яеиюёй]+|ст|пункт\w*|п|раздел\w*|глав[аеуы]|параграф\w*|article|section|sec|clause"
_NUMBERED = re.compile(rf"\W*(?:(?:{_PART})\b\W*)?(\d+(?:\.\d+)*)(?:[.\s]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Document:
    """A document that can be found; `facts` are the words it is known by."""

    id: int
    path: str
    date: str
    facts: str


@dataclass(frozen=True)
class Extract:
    """A piece of a document, and where it stands."""

    page: int | None
    heading: str | None
    text: str


@dataclass(frozen=True)
class _Block:
    page: int | None
    heading: str | None
    kind: str
    text: str


def documents(store: Store) -> list[Document]:
    """All that can be found, by path."""
    facts = "facts" if store.schema() else "''"
    rows = store.db.execute(
        f"SELECT id, path, date(mtime_ns / 1000000000, 'unixepoch', 'localtime'), {facts}"
        " FROM document WHERE live ORDER BY path"
    )
    return [Document(key, path, date, facts or name_words(path)) for key, path, date, facts in rows]


def named(known: Iterable[Document], name: str) -> list[Document]:
    """The documents that are known by all the words of a name, the closest first."""
    asked = {stem(word) for word in content_words(name) if word not in _GENERIC}
    found = []
    for each in known:
        own = {stem(word) for word in words(each.facts)}
        if asked and asked <= own:
            beside = {stem(word) for word in words(PurePosixPath(each.path).stem)} - asked
            found.append((len(beside), len(own), each))
    return [each for *_, each in sorted(found, key=lambda one: one[:2])]


def headings(store: Store, document: Document) -> list[str]:
    """The headings of a document, in their order."""
    rows = store.db.execute(
        "SELECT heading FROM page WHERE document_id = ? ORDER BY id", (document.id,)
    )
    found = [part for (heading,) in rows for part in headings_of(heading)]
    found += [block.text for block in _blocks(store, document) if block.kind == "heading"]
    return list(dict.fromkeys(filter(None, found)))[:HEADINGS]


def opening(store: Store, document: Document) -> Extract:
    """The first lines of a document."""
    rows = store.db.execute(
        "SELECT number, heading, substr(text, 1, ?) FROM page WHERE document_id = ? ORDER BY id",
        (2 * OPENING, document.id),
    )
    for number, heading, text in rows:
        if text.strip():
            return Extract(number, heading, shortened(" ".join(text.split()), OPENING))
    return Extract(None, None, "")


def lines(store: Store, document: Document) -> list[Extract]:
    """The lines of a document's text, in their order."""
    return [
        Extract(block.page, block.heading, line)
        for block in _blocks(store, document)
        if block.kind not in ("contents", "furniture")
        for line in block.text.split("\n")
    ]


def statements(store: Store, words: str) -> Iterator[tuple[int, str]]:
    """The blocks that hold some words: ids of their documents, texts with what announces them.

    "2. …:" announces what is numbered deeper, and what has no number.
    """
    query = (
        "SELECT p.document_id, p.id, p.text FROM page p JOIN document d ON d.id = p.document_id"
        " WHERE d.live AND instr(p.text, ?)"
    )
    for document, page, text in store.db.execute(query, (words,)).fetchall():
        announced = ""
        depth: tuple[int, bool] | None = None
        spans = "SELECT kind, level, start, stop FROM block WHERE page_id = ? ORDER BY start"
        for kind, level, start, stop in store.db.execute(spans, (page,)):
            said = text[start:stop]
            own = (level, not said[:1].isdigit()) if kind == "item" else None
            if own is None or (depth and own <= depth):
                announced = ""
            if words in said:
                yield document, f"{announced}\n{said}".strip()
            if said.rstrip().endswith(":"):
                announced, depth = said, own


def clause(store: Store, document: Document, number: str) -> Extract | None:
    """The article, clause or section of this number, up to the next one."""
    blocks = [block for block in _blocks(store, document) if block.kind not in _NOT_SAID]
    for place, block in enumerate(blocks):
        if _number_of(block.text) == number:
            text = "\n".join([block.text, *_rest(blocks[place + 1 :], number)])
            return Extract(block.page, block.heading, shortened(text, CLAUSE))
    for block in blocks:
        if inside := _inside(block.text, number):
            return Extract(block.page, block.heading, shortened(inside, CLAUSE))
    rows = store.db.execute(
        "SELECT number, heading, substr(text, 1, ?) FROM page WHERE document_id = ?"
        " AND heading LIKE ? ORDER BY id",
        (2 * CLAUSE, document.id, f"%{number}%"),
    )
    for page, heading, text in rows:
        if number in map(_number_of, headings_of(heading)):
            under = f"{last_heading(heading)}\n{text.strip()}"
            return Extract(page, heading, shortened(under, CLAUSE))
    return None


def _inside(text: str, number: str) -> str:
    """The clause in a paragraph that holds several: "Нормы: 2.1. … 2.2. …"."""
    if "." not in number:
        return ""
    found = re.search(
        rf"(?<=[.:;]\s){re.escape(number)}\.\s.*?(?=(?<=[.;])\s\d+(?:\.\d+)+\.\s|$)",
        text,
        re.DOTALL,
    )
    return " ".join(found[0].split()) if found else ""


def mentions(store: Store, kind: str, year: str) -> list[str]:
    """Numbered papers of a kind and a year that texts refer to: "приказ от 15.01.2026 № 12-ОД"."""
    pattern = re.compile(
        rf"\b{re.escape(kind)}\w*[^.!?№|]{{0,60}}?\b(?:\d\d?[./]\d\d?[./])?{year}\b"
        r"[^.!?№|]{0,15}№ ?[\w/-]*\w",
        re.IGNORECASE,
    )
    rows = store.db.execute(
        "SELECT p.text FROM page p JOIN document d ON d.id = p.document_id"
        " WHERE d.live AND instr(p.text, ?)",
        (year,),
    )
    found = (" ".join(match[0].split()) for (text,) in rows for match in pattern.finditer(text))
    return list(dict.fromkeys(found))[:MENTIONS]


def _rest(blocks: Sequence[_Block], number: str) -> Iterator[str]:
    depth = number.count(".")
    for block in blocks:
        own = _number_of(block.text)
        if block.kind == "heading" or (
            own and own.count(".") <= depth and not own.startswith(f"{number}.")
        ):
            return
        yield block.text


def _number_of(text: str) -> str:
    found = _NUMBERED.match(text)
    return found[1] if found else ""


def _blocks(store: Store, document: Document) -> list[_Block]:
    if not store.schema():
        return []
    rows = store.db.execute(
        "SELECT p.number, p.heading, b.kind, substr(p.text, b.start + 1, b.stop - b.start)"
        " FROM block b JOIN page p ON p.id = b.page_id WHERE p.document_id = ?"
        " ORDER BY p.id, b.start",
        (document.id,),
    )
    return [_Block(page, heading, kind, text.strip()) for page, heading, kind, text in rows]
