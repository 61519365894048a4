"""The vectors in the store: one for each unit of a passage, and the units that wait for theirs.

Equal units share a vector. Ids of vectors only grow.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence

# Keys of the store's meta: set until its vectors are all made and weighed, and why that failed.
UNFINISHED, FAILED = "encoding", "encoding_failed"


def add(db: sqlite3.Connection, chunk_id: int, texts: Iterable[str]) -> None:
    """Write the units of a passage; those of the newest documents are encoded first."""
    for text in texts:
        key = digest(text)
        db.execute("INSERT INTO unit VALUES (?, ?)", (chunk_id, key))
        db.execute(
            "INSERT OR IGNORE INTO waiting SELECT ?1, d.mtime_ns, ?2"
            " FROM chunk c JOIN document d ON d.id = c.document_id WHERE c.id = ?3"
            " AND NOT EXISTS (SELECT 1 FROM vector WHERE digest = ?1)",
            (key, text, chunk_id),
        )


def digest(text: str) -> bytes:
    """What units are told apart by."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def waiting(db: sqlite3.Connection, limit: int) -> list[tuple[bytes, str]]:
    """The next units to encode: digest and text."""
    query = "SELECT digest, text FROM waiting ORDER BY mtime_ns DESC LIMIT ?"
    return db.execute(query, (limit,)).fetchall()


def count_waiting(db: sqlite3.Connection) -> int:
    """How many units have no vector yet."""
    return int(db.execute("SELECT count(*) FROM waiting").fetchone()[0])


def save(db: sqlite3.Connection, rows: Iterable[tuple[bytes, bool, bytes]]) -> None:
    """Store vectors: digest, whether the text is Cyrillic, half-precision bytes.

    Units may have gone since they were read.
    """
    for row in rows:
        db.execute(
            "INSERT OR IGNORE INTO vector (digest, cyrillic, data)"
            " SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM unit WHERE digest = ?1)",
            row,
        )
        db.execute("DELETE FROM waiting WHERE digest = ?", row[:1])


def after(db: sqlite3.Connection, vector_id: int) -> sqlite3.Cursor:
    """Rows of vector id and half-precision bytes beyond an id, in the order of ids."""
    return db.execute("SELECT id, data FROM vector WHERE id > ? ORDER BY id", (vector_id,))


def count(db: sqlite3.Connection) -> int:
    """How many vectors there are."""
    return int(db.execute("SELECT count(*) FROM vector").fetchone()[0])


def ids(db: sqlite3.Connection) -> list[int]:
    """The ids of all vectors, ascending; read from the index of digests, past the vectors."""
    return sorted(row[0] for row in db.execute("SELECT id FROM vector INDEXED BY vector_digest"))


def drawn(db: sqlite3.Connection, most: int) -> list[tuple[bool, bytes]]:
    """Of vectors drawn by lot, which what they stand for decides: whether Cyrillic, and bytes."""
    query = "SELECT cyrillic, data FROM vector ORDER BY digest LIMIT ?"
    return db.execute(query, (most,)).fetchall()


def passages_drawn(db: sqlite3.Connection, most: int) -> list[int]:
    """Passages that can be found, drawn by lot, which the texts of their units decide."""
    query = (
        "SELECT u.chunk_id FROM unit u JOIN chunk c ON c.id = u.chunk_id"
        " JOIN document d ON d.id = c.document_id AND d.live ORDER BY u.digest LIMIT ?"
    )
    return list(dict.fromkeys(row[0] for row in db.execute(query, (most,))))


def of_passages(
    db: sqlite3.Connection, chunk_ids: Sequence[int]
) -> list[tuple[int, bytes, bool, bytes]]:
    """Of the units of passages: passage id, digest, whether Cyrillic, half-precision bytes."""
    return db.execute(
        "SELECT u.chunk_id, u.digest, v.cyrillic, v.data FROM json_each(?) AS wanted"
        " CROSS JOIN unit u ON u.chunk_id = wanted.value JOIN vector v ON v.digest = u.digest",
        (json.dumps(chunk_ids),),
    ).fetchall()


def passages_of(db: sqlite3.Connection, vector_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of a vector id and a passage that can be found and has such a unit."""
    return db.execute(
        "SELECT v.id, u.chunk_id FROM json_each(?) AS wanted"
        " CROSS JOIN vector v ON v.id = wanted.value JOIN unit u ON u.digest = v.digest"
        " JOIN chunk c ON c.id = u.chunk_id JOIN document d ON d.id = c.document_id AND d.live",
        (json.dumps(vector_ids),),
    ).fetchall()


def drop_unused(db: sqlite3.Connection) -> None:
    """Forget the vectors of units that are gone."""
    for table in ("vector", "waiting"):
        db.execute(f"DELETE FROM {table} WHERE digest NOT IN (SELECT digest FROM unit)")
