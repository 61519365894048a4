"""The bot's memory: one SQLite file. Here the file itself, and the inbox of updates."""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from indexer.database import whole
from indexer.errors import UserError

DAY = 86_400.0
# Telegram keeps an update for one day: a number can not come again later than that.
KEEP_UPDATES = 3 * DAY
KEEP_ANSWERS = 30 * DAY
SWEEP = 1000  # rows deleted in one transaction


class Store:
    """The file. What is done inside `transaction` is on the disk, whole, when that ends."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises UserError."""
        self.path = path
        with self._errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.db = sqlite3.connect(path, isolation_level=None, timeout=30)
            self.db.execute("PRAGMA journal_mode = WAL")
            self.db.execute("PRAGMA synchronous = FULL")
            self.db.execute("PRAGMA foreign_keys = ON")
            with self.transaction():
                if not self.db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                    self._create()

    def _create(self) -> None:
        statement = ""
        for line in files("bot").joinpath("schema.sql").read_text(encoding="utf-8").splitlines():
            statement += line + "\n"
            if sqlite3.complete_statement(statement):
                self.db.execute(statement)
                statement = ""

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or nothing of it; inside another one, a part of that one."""
        if self.db.in_transaction:
            yield
            return
        with self._errors(), whole(self.db):
            yield

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of a transaction that can fail without the rest."""
        self.db.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK TO attempt")
            raise
        finally:
            self.db.execute("RELEASE attempt")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            hint = f"df -h and ls -ld {self.path.parent} show whether there is room and permission"
            raise UserError(
                f"the bot's file {self.path} can not be used ({error})", hint
            ) from error

    def receive(self, updates: Iterable[tuple[int, str]]) -> int:
        """Keep updates (number, JSON) that are not here yet; tell how many those were."""
        now = time.time()
        rows = [(number, body, now) for number, body in updates]
        with self.transaction():
            before = self.db.total_changes
            self.db.executemany(
                "INSERT OR IGNORE INTO inbox (update_id, body, received) VALUES (?, ?, ?)", rows
            )
            return self.db.total_changes - before

    def pending(self, after: int, limit: int) -> list[tuple[int, str]]:
        """The next updates (number in the inbox, JSON) that are not dealt with."""
        sql = "SELECT id, body FROM inbox WHERE NOT done AND id > ? ORDER BY id LIMIT ?"
        return self.db.execute(sql, (after, limit)).fetchall()

    def dealt_with(self, numbers: Sequence[int]) -> None:
        """Keep of these updates nothing but their numbers."""
        with self.transaction():
            self.db.executemany(
                "UPDATE inbox SET done = 1, body = '' WHERE id = ?", [(n,) for n in numbers]
            )

    def backlog(self) -> int:
        """How many updates are not dealt with."""
        return int(self.db.execute("SELECT count(*) FROM inbox WHERE NOT done").fetchone()[0])

    def meta(self, key: str) -> str:
        """A remembered value, or nothing."""
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def set_meta(self, key: str, value: str) -> None:
        """Remember a value."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def sweep(self, now: float) -> int:
        """Delete some of what is older than it is kept for; tell how many rows. 0: all is done."""
        with self.transaction():
            before = self.db.total_changes
            self.db.execute(
                "DELETE FROM inbox WHERE id IN"
                " (SELECT id FROM inbox WHERE done AND received < ? LIMIT ?)",
                (now - KEEP_UPDATES, SWEEP),
            )
            old = "SELECT id FROM answer WHERE state = 'done' AND asked < ? LIMIT ?"
            ids = [row[0] for row in self.db.execute(old, (now - KEEP_ANSWERS, SWEEP))]
            for table, column in (("feedback", "answer"), ("turn", "answer"), ("answer", "id")):
                self.db.executemany(
                    f"DELETE FROM {table} WHERE {column} = ?", [(number,) for number in ids]
                )
            return self.db.total_changes - before
