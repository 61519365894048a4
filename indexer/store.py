"""The store: documents, pages, passages, vectors and posting lists in one SQLite file."""

import hashlib
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.chunks import Chunk
from indexer.database import Database, sqlite_errors
from indexer.documents import SourceFile
from indexer.identity import Identity
from indexer.readers import Page
from indexer.words import grams, stem, words

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Passage:
    """A chunk read back from the store, with its place in the documents."""

    chunk_id: int
    file: str
    page: int | None
    heading: str | None
    text: str
    start: int


@dataclass(frozen=True)
class Known:
    """A document as it was when it was read, with its SHA-256 and that time in seconds."""

    file: SourceFile
    sha256: str
    indexed_at: float


@dataclass(frozen=True)
class Counts:
    """How much the store holds."""

    documents: int
    chunks: int
    vectors: int


class Store(Database):
    """The tables of an index. What is written can be found after `finish_document`."""

    @classmethod
    def create(cls, path: Path, identity: Identity) -> "Store":
        """Make an empty store that remembers what it is made with."""
        store = cls(path)
        with sqlite_errors(path):
            store.db.execute("PRAGMA journal_mode = WAL")
            store.db.executescript(f"BEGIN; {files('indexer').joinpath('schema.sql').read_text()}")
            for key, value in {"generation": "0", "identity": identity.dump()}.items():
                store.set_meta(key, value)
            store.db.execute("COMMIT")
        return store

    def identity(self) -> Identity:
        """What the store was made with."""
        return Identity.parse(self.meta()["identity"])

    def generation(self) -> int:
        """A number that grows with every change of what can be found."""
        query = "SELECT value FROM meta WHERE key = 'generation'"
        return int(self.db.execute(query).fetchone()[0])

    def counts(self) -> Counts:
        """Count what can be found."""
        with sqlite_errors(self.path):
            row = self.db.execute(
                "SELECT (SELECT count(*) FROM document WHERE live),"
                " (SELECT count(*) FROM chunk JOIN document d ON d.id = document_id WHERE live),"
                " (SELECT count(*) FROM vector WHERE data IS NOT NULL)"
            ).fetchone()
        return Counts(*row)

    def updated_at(self) -> float | None:
        """When a document was indexed last, in seconds since 1970."""
        with sqlite_errors(self.path):
            row = self.db.execute("SELECT max(indexed_at) FROM document WHERE live").fetchone()
        return None if row[0] is None else float(row[0])

    def documents(self) -> dict[str, Known]:
        """The documents that can be found, by path."""
        with sqlite_errors(self.path):
            rows = self.db.execute(
                "SELECT path, size, mtime_ns, sha256, indexed_at FROM document WHERE live"
            )
            return {row[0]: Known(SourceFile(*row[:3]), *row[3:]) for row in rows}

    def problems(self) -> dict[str, tuple[SourceFile, str, bool]]:
        """The files that failed, each with the reason and whether it may pass, by path."""
        with sqlite_errors(self.path):
            rows = self.db.execute("SELECT path, size, mtime_ns, reason, passing FROM problem")
            return {row[0]: (SourceFile(*row[:3]), row[3], bool(row[4])) for row in rows}

    def begin_document(self, file: SourceFile, sha256: str) -> int:
        """Open a new version of a document; it can be found after `finish_document`."""
        cursor = self.db.execute(
            "INSERT INTO document (path, size, mtime_ns, sha256, indexed_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (file.path, file.size, file.mtime_ns, sha256, time.time()),
        )
        return int(cursor.lastrowid or 0)

    def add_page(self, document_id: int, page: Page, chunks: Sequence[Chunk]) -> None:
        """Write a page and its passages."""
        cursor = self.db.execute(
            "INSERT INTO page (document_id, number, heading, text) VALUES (?, ?, ?, ?)",
            (document_id, page.number, page.heading, page.text),
        )
        for chunk in chunks:
            key = hashlib.blake2b(
                passage_text(page.heading, chunk.text).encode(), digest_size=16
            ).digest()
            self.db.execute("INSERT OR IGNORE INTO vector (digest) VALUES (?)", (key,))
            self.db.execute(
                "INSERT INTO chunk (document_id, page_id, vector_id, start, stop)"
                " SELECT ?, ?, id, ?, ? FROM vector WHERE digest = ?",
                (document_id, cursor.lastrowid, chunk.start, chunk.end, key),
            )

    def texts_without_vector(self, limit: int) -> list[tuple[int, str]]:
        """The next passages to embed: vector id and text."""
        rows = self.db.execute(
            "SELECT v.id, p.heading, substr(p.text, c.start + 1, c.stop - c.start)"
            " FROM vector v JOIN chunk c ON c.id ="
            " (SELECT min(id) FROM chunk WHERE vector_id = v.id)"
            " JOIN page p ON p.id = c.page_id WHERE v.data IS NULL LIMIT ?",
            (limit,),
        )
        return [(row[0], passage_text(row[1], row[2])) for row in rows]

    def set_vectors(self, rows: Iterable[tuple[bytes, int]]) -> None:
        """Store vectors: half-precision bytes and vector id."""
        self.db.executemany("UPDATE vector SET data = ? WHERE id = ?", rows)

    def vectors_after(self, vector_id: int) -> sqlite3.Cursor:
        """Rows of vector id and half-precision bytes beyond an id, in the order of ids."""
        return self.db.execute(
            "SELECT id, data FROM vector WHERE id > ? AND data IS NOT NULL ORDER BY id",
            (vector_id,),
        )

    def vector_ids(self) -> list[int]:
        """The ids of all vectors, ascending."""
        return [
            row[0]
            for row in self.db.execute("SELECT id FROM vector WHERE data IS NOT NULL ORDER BY id")
        ]

    def sample_vectors(self, count: int) -> list[bytes]:
        """Some vectors from all over the store, the same ones each time."""
        total = self.counts().vectors
        step = max(1, total // count)
        rows = self.db.execute(
            "SELECT data FROM vector WHERE data IS NOT NULL AND id % ? = 0 LIMIT ?", (step, count)
        )
        return [row[0] for row in rows]

    def vectors_of_chunks(self, chunk_ids: Sequence[int]) -> list[tuple[int, bytes | None]]:
        """The vector ids of passages, each with its half-precision bytes."""
        marks = ",".join("?" * len(chunk_ids))
        return self.db.execute(
            "SELECT DISTINCT v.id, v.data FROM chunk c JOIN vector v ON v.id = c.vector_id"
            f" WHERE c.id IN ({marks})",
            tuple(chunk_ids),
        ).fetchall()

    def chunks_of_vectors(self, vector_ids: Sequence[int]) -> dict[int, list[int]]:
        """The findable passages that share each vector, by vector id."""
        marks = ",".join("?" * len(vector_ids))
        rows = self.db.execute(
            "SELECT c.vector_id, c.id FROM chunk c JOIN document d ON d.id = c.document_id"
            f" WHERE d.live AND c.vector_id IN ({marks})",
            tuple(vector_ids),
        )
        found: dict[int, list[int]] = {}
        for vector_id, chunk_id in rows:
            found.setdefault(vector_id, []).append(chunk_id)
        return found

    def finish_document(self, document_id: int) -> None:
        """Make a new version of a document findable in place of the one before it."""
        (path,) = self.db.execute(
            "SELECT path FROM document WHERE id = ?", (document_id,)
        ).fetchone()
        self.remove_document(path)
        self._write_postings(document_id, "INSERT INTO {0} (rowid, terms) VALUES (?, ?)")
        self.db.execute("UPDATE document SET live = 1 WHERE id = ?", (document_id,))
        self.db.execute("DELETE FROM problem WHERE path = ?", (path,))
        self._touch()

    def restat_document(self, file: SourceFile) -> None:
        """Remember a new modification time of unchanged content."""
        self.db.execute(
            "UPDATE document SET size = ?, mtime_ns = ?, indexed_at = ? WHERE path = ? AND live",
            (file.size, file.mtime_ns, time.time(), file.path),
        )

    def remove_document(self, path: str) -> None:
        """Forget the findable version of a document, if there is one."""
        row = self.db.execute("SELECT id FROM document WHERE path = ? AND live", (path,)).fetchone()
        if row:
            self._write_postings(
                row[0], "INSERT INTO {0} ({0}, rowid, terms) VALUES ('delete', ?, ?)"
            )
            self.db.execute("DELETE FROM document WHERE id = ?", row)
            self._touch()

    def drop_unfinished(self, document_id: int | None = None) -> None:
        """Forget what was left half read, or one such document; its vectors stay for now."""
        self.db.execute(
            "DELETE FROM document WHERE NOT live AND id = ifnull(?, id)", (document_id,)
        )

    def drop_unused_vectors(self) -> None:
        """Forget the vectors of passages that are gone."""
        self.db.execute("DELETE FROM vector WHERE id NOT IN (SELECT vector_id FROM chunk)")

    def set_problem(self, file: SourceFile, reason: str, passing: bool) -> None:
        """Remember that a file could not be read; a passing reason is tried again next time."""
        self.db.execute(
            "INSERT OR REPLACE INTO problem VALUES (?, ?, ?, ?, ?)",
            (file.path, file.size, file.mtime_ns, reason, passing),
        )

    def remove_problem(self, path: str) -> None:
        """Forget a failure."""
        self.db.execute("DELETE FROM problem WHERE path = ?", (path,))

    def postings(self, table: str, terms: Sequence[str]) -> "tuple[NDArray[int64], NDArray[int64]]":
        """Every occurrence of the terms: the term's number in the list, and the passage id."""
        import numpy as np

        if table == "stems":
            query, keys = "SELECT group_concat(doc) FROM stems_posting WHERE term = ?", terms
        else:
            query = "SELECT group_concat(rowid) FROM grams WHERE grams MATCH ?"
            keys = [f'"{term}"' for term in terms]
        lists = [self.db.execute(query, (key,)).fetchone()[0] or "" for key in keys]
        counts = [text.count(",") + 1 if text else 0 for text in lists]
        owners = np.repeat(np.arange(len(terms)), counts)
        return owners, _numbers(",".join(filter(None, lists)))

    def chunk_table(self) -> "tuple[NDArray[int64], NDArray[int64], NDArray[int64]]":
        """Of all passages: id, ascending; document; length in characters."""
        row = self.db.execute(
            "SELECT group_concat(id), group_concat(document_id), group_concat(length)"
            " FROM (SELECT id, document_id, stop - start AS length FROM chunk ORDER BY id)"
        ).fetchone()
        return _numbers(row[0]), _numbers(row[1]), _numbers(row[2])

    def passages(self, chunk_ids: Sequence[int]) -> list[Passage]:
        """Read passages back, in the order asked for; ids of documents gone since are left out."""
        marks = ",".join("?" * len(chunk_ids))
        rows = self.db.execute(
            "SELECT c.id, d.path, p.number, p.heading,"
            " substr(p.text, c.start + 1, c.stop - c.start), c.start"
            " FROM chunk c JOIN page p ON p.id = c.page_id JOIN document d ON d.id = c.document_id"
            f" WHERE d.live AND c.id IN ({marks})",
            tuple(chunk_ids),
        )
        found = {row[0]: Passage(*row) for row in rows}
        return [found[chunk_id] for chunk_id in chunk_ids if chunk_id in found]

    def _write_postings(self, document_id: int, statement: str) -> None:
        rows = self.db.execute(
            "SELECT c.id, p.heading, substr(p.text, c.start + 1, c.stop - c.start)"
            " FROM chunk c JOIN page p ON p.id = c.page_id WHERE p.document_id = ?",
            (document_id,),
        )
        for chunk_id, heading, text in rows:
            tokens = words(passage_text(heading, text))
            stemmed = " ".join(map(stem, tokens))
            grammed = " ".join(gram for token in tokens for gram in grams(token))
            self.db.execute(statement.format("stems"), (chunk_id, stemmed))
            self.db.execute(statement.format("grams"), (chunk_id, grammed))

    def _touch(self) -> None:
        self.db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")


def passage_text(heading: str | None, text: str) -> str:
    """What is embedded and searched: the passage under its headings."""
    return f"{heading}\n{text}" if heading else text


def _numbers(text: str | None) -> "NDArray[int64]":
    """Parse "1,2,3": a tenth of the time that fetching a row a number takes."""
    import numpy as np

    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)
