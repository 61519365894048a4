"""The blocks of a passage and of what stands around it, read back from the store."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from indexer.readers import Block, Table
from indexer.readers.plain import blocks_of

BEFORE, AFTER = 1500, 3000  # characters
LAST_PAGES = 3  # the first schema with them

_WINDOW = """
WITH passage AS (
    SELECT c.document_id, c.page_id, c.start, c.stop, length(p.text) AS length
    FROM chunk c JOIN page p ON p.id = c.page_id WHERE c.id = :id
)
SELECT b.page_id, b.start, b.kind, b.level, g.name, g.header, p.number, b.last_page, p.heading,
    substr(p.text, b.start + 1, b.stop - b.start),
    p.id = passage.page_id AND b.start < passage.stop AND b.stop > passage.start
FROM passage JOIN page p ON p.document_id = passage.document_id
    AND (p.id = passage.page_id
        OR p.id = passage.page_id + 1 AND passage.length < passage.stop + :after)
JOIN block b ON b.page_id = p.id AND CASE p.id WHEN passage.page_id
    THEN b.stop > passage.start - :before AND b.start < passage.stop + :after
    ELSE b.start < passage.stop + :after - passage.length END
LEFT JOIN grid g ON g.id = b.grid_id
ORDER BY b.page_id, b.start
"""

_PAGES = """
SELECT b.page_id, b.start, b.kind, b.level, g.name, g.header, p.number, b.last_page, p.heading,
    substr(p.text, b.start + 1, b.stop - b.start), 1
FROM document d JOIN page p ON p.document_id = d.id JOIN block b ON b.page_id = p.id
LEFT JOIN grid g ON g.id = b.grid_id
WHERE d.live AND d.path = ? AND p.number IS ? AND p.heading IS ?
ORDER BY b.page_id, b.start
"""


@dataclass(frozen=True)
class Piece:
    """A block with its text and place; `inside` tells whether it is of the passage itself."""

    at: tuple[int, int]  # page id and offset: which block of the index it is
    kind: str
    level: int
    table: Table | None
    page: int | None
    heading: str | None
    text: str
    inside: bool
    last_page: int | None = None  # where that is another one


def around(db: sqlite3.Connection, chunk_ids: Sequence[int]) -> dict[int, tuple[Piece, ...]]:
    """The pieces around each passage, in the order of the document."""
    window = _for(db, _WINDOW)
    return {chunk_id: _around(db, window, chunk_id) for chunk_id in chunk_ids}


def pieces_of(text: str, page: int | None, heading: str | None) -> tuple[Piece, ...]:
    """The pieces of a passage whose blocks no store holds."""

    def piece(block: Block) -> Piece:
        said = text[block.start : block.stop]
        at = (0, block.start)
        return Piece(at, block.kind, block.level, block.table, page, heading, said, True)

    return tuple(map(piece, blocks_of(text)))


def pages(
    db: sqlite3.Connection, path: str, number: int | None, heading: str | None
) -> list[tuple[Piece, ...]]:
    """The pages or sections of a document that have this number and heading, piece by piece."""
    rows = map(_piece, db.execute(_for(db, _PAGES), (path, number, heading)))
    return [tuple(page) for _, page in groupby(rows, key=lambda piece: piece.at[0])]


def _for(db: sqlite3.Connection, query: str) -> str:
    """A query as the tables of an earlier release allow it."""
    (schema,) = db.execute("PRAGMA user_version").fetchone()
    return query if schema >= LAST_PAGES else query.replace("b.last_page", "NULL")


def _around(db: sqlite3.Connection, window: str, chunk_id: int) -> tuple[Piece, ...]:
    rows = db.execute(window, {"id": chunk_id, "before": BEFORE, "after": AFTER})
    return tuple(map(_piece, rows))


def _piece(row: tuple[Any, ...]) -> Piece:
    page_id, start, kind, level, name, header, page, last, heading, text, inside = row
    table = None if name is None else Table(name, header)
    return Piece((page_id, start), kind, level, table, page, heading, text, bool(inside), last)
