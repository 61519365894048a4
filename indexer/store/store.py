"""The store: documents, pages, passages, vectors and posting lists in one SQLite file."""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UserError
from core.sqlite import Database, sqlite_errors, whole
from indexer.passages.chunks import Chunk
from indexer.passages.units import units
from indexer.readers import Page, Table
from indexer.store import vector_rows
from indexer.store.identity import Identity
from indexer.store.records import Counts, Known, Passage, SourceFile
from indexer.store.surroundings import Piece, around

if TYPE_CHECKING:
    from indexer.postings.segments import Writer

# Of the tables; what can be searched of one made by an earlier release still is.
SCHEMA, VECTORS = 3, 2  # the last one, and the first with vectors
RECOGNISED = 3  # the first that knows which pages are


class Store(Database):
    """The tables of an index. What is written can be found after `finish_documents`."""

    _postings: "Writer | None" = None

    @classmethod
    def create(cls, path: Path, identity: Identity) -> "Store":
        """Make an empty store that remembers what it is made with."""
        store = cls(path, to_write=True)
        with sqlite_errors(path):
            store.db.execute("PRAGMA page_size = 8192")  # five vectors of 768 numbers a page
            store.db.execute("PRAGMA journal_mode = WAL")
            store.db.execute(f"PRAGMA user_version = {SCHEMA}")
            store.db.executescript(
                f"BEGIN; {files('indexer.store').joinpath('schema.sql').read_text()}"
            )
            meta = {"generation": "0", "identity": identity.dump(), "made": str(time.time())}
            for key, value in meta.items():
                store.set_meta(key, value)
            store.db.execute("COMMIT")
        return store

    @property
    def encoding_lock(self) -> Path:
        """The lock file of the process that makes its vectors."""
        return self.path.with_name("encoding.lock")

    def identity(self) -> Identity:
        """What the store was made with."""
        text = self.meta().get("identity")
        if text is None:
            raise UserError(f"the index {self.path} is damaged", "opsctl reindex --rebuild")
        return Identity.parse(text)

    def generation(self) -> int:
        """A number that grows with every change of what can be found."""
        query = "SELECT value FROM meta WHERE key = 'generation'"
        return int(self.db.execute(query).fetchone()[0])

    def counts(self) -> Counts:
        """Count what can be found."""
        with sqlite_errors(self.path):
            row = self.db.execute(
                "SELECT (SELECT count(*) FROM document WHERE live),"
                " (SELECT count(*) FROM chunk JOIN document d ON d.id = document_id WHERE live)"
            ).fetchone()
        return Counts(*row)

    def has_vectors(self) -> bool:
        """Tell whether any unit of a passage has one."""
        query = "SELECT EXISTS (SELECT 1 FROM vector)"
        return self.schema() >= VECTORS and bool(self.db.execute(query).fetchone()[0])

    def is_empty(self) -> bool:
        """Tell whether no document can be found."""
        query = "SELECT NOT EXISTS (SELECT 1 FROM document WHERE live)"
        with sqlite_errors(self.path):
            return bool(self.db.execute(query).fetchone()[0])

    def count_vectors(self) -> tuple[int, int]:
        """How many units of passages have a vector, and how many wait for theirs."""
        with sqlite_errors(self.path):
            if self.schema() < VECTORS:
                return 0, 0
            return vector_rows.count(self.db), vector_rows.count_waiting(self.db)

    def updated_at(self) -> float | None:
        """When the index changed last, in seconds since 1970."""
        moment = self.meta().get("updated")
        return None if moment is None else float(moment)

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
        """Open a new version of a document; it can be found after `finish_documents`."""
        cursor = self.db.execute(
            "INSERT INTO document (path, size, mtime_ns, sha256, indexed_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (file.path, file.size, file.mtime_ns, sha256, time.time()),
        )
        return int(cursor.lastrowid or 0)

    def add_page(
        self, document_id: int, page: Page, chunks: Sequence[Chunk], *, encoded: bool
    ) -> None:
        """Write a page and its passages; their units wait for vectors where those are wanted."""
        cursor = self.db.execute(
            "INSERT INTO page (document_id, number, heading, text, recognised)"
            " VALUES (?, ?, ?, ?, ?)",
            (document_id, page.number, page.heading, page.text, page.recognised),
        )
        page_id = int(cursor.lastrowid or 0)
        self._add_blocks(page_id, page)
        for chunk in chunks:
            cursor = self.db.execute(
                "INSERT INTO chunk (document_id, page_id, start, stop, lead)"
                " VALUES (?, ?, ?, ?, ?)",
                (document_id, page_id, chunk.start, chunk.end, chunk.lead),
            )
            if encoded:
                vector_rows.add(self.db, int(cursor.lastrowid or 0), units(page, chunk))

    def _add_blocks(self, page_id: int, page: Page) -> None:
        grids: dict[Table | None, int | None] = {None: None}
        for table in (block.table for block in page.blocks):
            if table and table not in grids:
                cursor = self.db.execute(
                    "INSERT INTO grid (page_id, name, header) VALUES (?, ?, ?)",
                    (page_id, table.name, table.header),
                )
                grids[table] = cursor.lastrowid
        rows = (
            (
                page_id,
                each.start,
                each.stop,
                each.kind,
                each.level,
                grids.get(each.table),
                each.last_page,
            )
            for each in page.blocks
        )
        self.db.executemany("INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def set_facts(self, document_id: int, facts: str) -> None:
        """What a document says of itself, which is searched with every passage."""
        self.db.execute("UPDATE document SET facts = ? WHERE id = ?", (facts, document_id))

    def set_gaps(self, document_id: int, gaps: str) -> None:
        """What of a document could not be read."""
        self.db.execute("UPDATE document SET gaps = ? WHERE id = ?", (gaps, document_id))

    def gaps(self) -> dict[str, str]:
        """The documents of which a part could not be read, and why, by path."""
        with sqlite_errors(self.path):
            if not self.schema():
                return {}
            query = "SELECT path, gaps FROM document WHERE live AND gaps <> '' ORDER BY path"
            return dict(self.db.execute(query).fetchall())

    def finish_documents(self, document_ids: Sequence[int]) -> None:
        """Make new versions of documents findable in place of those before them."""
        from indexer.postings.segments import Writer

        for document_id in document_ids:
            query = "SELECT path FROM document WHERE id = ?"
            (path,) = self.db.execute(query, (document_id,)).fetchone()
            self.remove_document(path)
            self.db.execute("UPDATE document SET live = 1 WHERE id = ?", (document_id,))
            self.db.execute("DELETE FROM problem WHERE path = ?", (path,))
            self._touch()
        self._postings = self._postings or Writer(self.db)
        self._postings.add(document_ids)

    def merge_postings(self) -> None:
        """Keep the segments of the posting lists few; where there is no room, a later run does."""
        from indexer.postings.merging import merge

        with suppress(sqlite3.OperationalError):
            busy = True
            while busy:
                with whole(self.db):
                    busy = merge(self.db)

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
            self.db.execute("INSERT INTO gone VALUES (?)", row)
            self.db.execute("DELETE FROM document WHERE id = ?", row)
            self._touch()

    def drop_unfinished(self, document_id: int) -> None:
        """Forget a document that was left half read; its vectors stay for the next try."""
        self.db.execute("DELETE FROM document WHERE id = ? AND NOT live", (document_id,))

    def drop_all_unfinished(self) -> bool:
        """Forget all that an interrupted run left half read; tell whether there was any."""
        return self.db.execute("DELETE FROM document WHERE NOT live").rowcount > 0

    def is_known(self, path: str) -> bool:
        """Tell whether a version of the document can be found."""
        query = "SELECT 1 FROM document WHERE path = ? AND live"
        return self.db.execute(query, (path,)).fetchone() is not None

    def passages_of(self, path: str) -> int | None:
        """How many passages of the document can be found; None where it cannot be."""
        count = "SELECT count(*) FROM chunk WHERE document_id = document.id"
        with sqlite_errors(self.path):
            query = f"SELECT ({count}) FROM document WHERE path = ? AND live"
            row = self.db.execute(query, (path,)).fetchone()
        return None if row is None else int(row[0])

    def set_problem(self, file: SourceFile, reason: str, passing: bool) -> None:
        """Remember that a file could not be read; a passing reason is tried again next time."""
        self.db.execute(
            "INSERT OR REPLACE INTO problem VALUES (?, ?, ?, ?, ?)",
            (file.path, file.size, file.mtime_ns, reason, passing),
        )

    def remove_problem(self, path: str) -> None:
        """Forget a failure."""
        self.db.execute("DELETE FROM problem WHERE path = ?", (path,))

    def passages(self, chunk_ids: Sequence[int]) -> list[Passage]:
        """Read passages back, in the order asked for; ids of documents gone since are left out."""
        schema = self.schema()
        lead = "iif(c.lead = '', '', c.lead || char(10))" if schema else "''"
        facts = "d.facts" if schema else "''"
        recognised = "p.recognised" if schema >= RECOGNISED else "NULL"
        marks = ",".join("?" * len(chunk_ids))
        rows = self.db.execute(
            "SELECT c.id, d.path, p.number, p.heading,"
            f" {lead} || substr(p.text, c.start + 1, c.stop - c.start),"
            " coalesce(date(d.mtime_ns / 1000000000, 'unixepoch', 'localtime'), ''),"
            f" {facts}, {recognised}"
            " FROM chunk c JOIN page p ON p.id = c.page_id JOIN document d ON d.id = c.document_id"
            f" WHERE d.live AND c.id IN ({marks})",
            tuple(chunk_ids),
        )
        found = {row[0]: Passage(*row) for row in rows}
        return [found[chunk_id] for chunk_id in chunk_ids if chunk_id in found]

    def around(self, chunk_ids: Sequence[int]) -> dict[int, tuple[Piece, ...]]:
        """The blocks of passages and of what stands around them, by passage id."""
        return around(self.db, chunk_ids) if self.schema() else {}

    def schema(self) -> int:
        """Of which release its tables are; 0 where they hold no blocks."""
        return int(self.db.execute("PRAGMA user_version").fetchone()[0])

    def _touch(self) -> None:
        self.db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
        self.set_meta("updated", str(time.time()))
