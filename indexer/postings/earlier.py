"""The posting lists of an earlier release: two FTS5 tables, read until a reindex replaces them."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

    Numbers = NDArray[int64]

SEGMENTS = 2  # the first schema without these tables
_STEMS = "SELECT group_concat(doc) FROM stems_posting WHERE term = ?"
_GRAMS = "SELECT group_concat(rowid) FROM grams WHERE grams MATCH ?"


def holds(db: sqlite3.Connection) -> bool:
    """Whether the posting lists of a store are of this kind."""
    return int(db.execute("PRAGMA user_version").fetchone()[0]) < SEGMENTS


def read(
    db: sqlite3.Connection, kind: int, terms: Sequence[str]
) -> "tuple[Numbers, Numbers, Numbers]":
    """As in indexer/postings/lists.py."""
    import numpy as np

    query, form = (_GRAMS, '"{}"') if kind else (_STEMS, "{}")
    lists = [_numbers(db.execute(query, (form.format(term),)).fetchone()[0]) for term in terms]
    found = [np.unique(ids, return_counts=True) for ids in lists]
    sizes = [len(ids) for ids, _ in found]
    none = np.empty(0, np.int64)
    return (
        np.repeat(np.arange(len(terms)), sizes),
        np.concatenate([none, *(ids for ids, _ in found)]),
        np.concatenate([none, *(counts for _, counts in found)]),
    )


def passage_table(db: sqlite3.Connection) -> "tuple[Numbers, Numbers, Numbers]":
    """As in indexer/postings/lists.py."""
    row = db.execute(
        "SELECT group_concat(id), group_concat(document_id), group_concat(length)"
        " FROM (SELECT id, document_id, stop - start AS length FROM chunk ORDER BY id)"
    ).fetchone()
    return _numbers(row[0]), _numbers(row[1]), _numbers(row[2])


def vocabulary(db: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    """As in indexer/postings/lists.py."""
    db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.stem USING fts5vocab(main, stems, row)")
    return iter(db.execute("SELECT term, doc FROM temp.stem"))


def _numbers(text: str | None) -> "Numbers":
    """Parse "1,2,3": a tenth of the time that fetching a row a number takes."""
    import numpy as np

    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)
