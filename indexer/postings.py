"""The posting lists: which passages hold which stems and letter groups, in two FTS5 tables."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from indexer.words import grams, stem, words

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

    Numbers = NDArray[int64]


def passage_text(heading: str | None, lead: str, text: str) -> str:
    """What is embedded and searched: the passage under its headings, and those of its table."""
    return "\n".join(filter(None, (heading, lead, text)))


def add(db: sqlite3.Connection, document_id: int) -> None:
    """Write the posting lists of a document's passages."""
    for chunk_id, terms in _terms(db, document_id):
        for table, text in terms.items():
            db.execute(f"INSERT INTO {table} (rowid, terms) VALUES (?, ?)", (chunk_id, text))


def remove(db: sqlite3.Connection, document_id: int) -> None:
    """Take a document's passages out; a contentless table must be told what it holds."""
    for chunk_id, terms in _terms(db, document_id):
        for table, text in terms.items():
            db.execute(
                f"INSERT INTO {table} ({table}, rowid, terms) VALUES ('delete', ?, ?)",
                (chunk_id, text),
            )


def read(db: sqlite3.Connection, table: str, terms: Sequence[str]) -> "tuple[Numbers, Numbers]":
    """Every occurrence of the terms: the term's number in the list, and the passage id.

    Of a letter group each passage comes once.
    """
    import numpy as np

    if table == "stems":
        query, keys = "SELECT group_concat(doc) FROM stems_posting WHERE term = ?", terms
    else:
        query = "SELECT group_concat(rowid) FROM grams WHERE grams MATCH ?"
        keys = [f'"{term}"' for term in terms]
    lists = [db.execute(query, (key,)).fetchone()[0] or "" for key in keys]
    counts = [text.count(",") + 1 if text else 0 for text in lists]
    owners = np.repeat(np.arange(len(terms)), counts)
    return owners, _numbers(",".join(filter(None, lists)))


def passage_table(db: sqlite3.Connection) -> "tuple[Numbers, Numbers, Numbers]":
    """Of all passages: id, ascending; document; length in characters."""
    row = db.execute(
        "SELECT group_concat(id), group_concat(document_id), group_concat(length)"
        " FROM (SELECT id, document_id, stop - start AS length FROM chunk ORDER BY id)"
    ).fetchone()
    return _numbers(row[0]), _numbers(row[1]), _numbers(row[2])


def _terms(db: sqlite3.Connection, document_id: int) -> Iterator[tuple[int, dict[str, str]]]:
    """Each passage of a document with its terms for each table."""
    rows = db.execute(
        "SELECT c.id, p.heading, c.lead, substr(p.text, c.start + 1, c.stop - c.start)"
        " FROM chunk c JOIN page p ON p.id = c.page_id WHERE c.document_id = ?",
        (document_id,),
    )
    for chunk_id, *texts in rows:
        tokens = words(passage_text(*texts))
        letters = (gram for token in tokens for gram in grams(token))
        yield chunk_id, {"stems": " ".join(map(stem, tokens)), "grams": " ".join(letters)}


def _numbers(text: str | None) -> "Numbers":
    """Parse "1,2,3": a tenth of the time that fetching a row a number takes."""
    import numpy as np

    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)
