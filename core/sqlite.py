"""The SQLite file under the store: connection, transactions, errors in plain words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import UserError
from core.files import access_hint

_DAMAGED = ("malformed", "not a database", "no such table", "no such column")


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite raises about the file at `path` into a UserError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if any(sign in text for sign in _DAMAGED):
            hint = "opsctl reindex --rebuild"
            raise UserError(f"the index {path} is damaged ({text})", hint) from error
        if "disk is full" in text or "disk I/O" in text:
            hint = "free some space (df -h shows it), then: opsctl reindex"
            raise UserError(f"no room to write {path} ({text})", hint) from error
        if "readonly" in text or "unable to open" in text:
            hint = access_hint(path.parent)
            raise UserError(f"no permission to write {path} ({text})", hint) from error
        raise UserError(f"the index {path} cannot be used ({text})", "opsctl doctor") from error


@contextmanager
def whole(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done inside, or nothing of it."""
    if connection.in_transaction:  # Ctrl-C came between a beginning and what was to follow
        connection.execute("ROLLBACK")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class Database:
    """One SQLite file. Writers call `transaction`; readers take a consistent view by `snapshot`."""

    def __init__(self, path: Path, to_write: bool = False) -> None:
        self.path = path
        with sqlite_errors(path):
            uri = path.absolute().as_uri()
            self.db = _open(uri) if to_write else _open_to_read(uri, path)
            self.db.execute("PRAGMA foreign_keys = ON")
            self.db.execute("PRAGMA synchronous = NORMAL")
            self.db.execute("PRAGMA cache_size = -16384")

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self.db.close()

    def __del__(self) -> None:
        if hasattr(self, "db"):
            self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or nothing of it."""
        with sqlite_errors(self.path), whole(self.db):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Show one state of the store to all the reads inside, whatever is written meanwhile."""
        with sqlite_errors(self.path):
            self.db.execute("BEGIN")
            try:
                yield
            finally:
                if self.db.in_transaction:
                    self.db.execute("COMMIT")

    def meta(self) -> dict[str, str]:
        """Everything the store knows about itself."""
        with sqlite_errors(self.path):
            return dict(self.db.execute("SELECT key, value FROM meta"))

    def set_meta(self, key: str, value: str) -> None:
        """Remember one fact about the store."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def damage(self) -> str:
        """What SQLite's own check finds wrong with the file; nothing when it is whole."""
        with sqlite_errors(self.path):
            answer = str(self.db.execute("PRAGMA quick_check(1)").fetchone()[0])
        return "" if answer == "ok" else answer


def _open_to_read(uri: str, path: Path) -> sqlite3.Connection:
    """Open the file, also in a folder that takes no more files because it is full or read-only.

    SQLite wants to make a -shm file beside a file in WAL mode, even to read it.
    """
    connection = _open(uri)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        log = path.with_name(path.name + "-wal")
        if not path.exists() or (log.exists() and log.stat().st_size):
            raise
        connection.close()
        connection = _open(uri + "?immutable=1")
    return connection


def _open(uri: str) -> sqlite3.Connection:
    # One connection serves the threads of asyncio.to_thread; the searcher holds a lock.
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=30)
