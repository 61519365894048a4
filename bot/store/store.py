"""The bot's memory: one SQLite file. Here the file itself, and the inbox of updates."""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

from bot.store.migrations import MIGRATIONS
from core.errors import UserError
from core.extras import upgrade_command
from core.files import access_hint, private_folder
from core.sqlite import whole

DAY = 86_400.0
# Telegram keeps an update for one day: a number cannot come again later than that.
KEEP_UPDATES = 3 * DAY
KEEP_DAYS = 30  # for answers
# At most: who asks to be let in, was refused, or is a member of a group; and a question of ours.
KEEP_REQUESTS = 30 * DAY
KEEP_TURNED = DAY  # somebody for whom there was no room is told so once a day
SWEEP = 1000  # rows deleted in one transaction
LONGEST_KEY = 18  # digits that SQLite can hold
LOCKED = 5.0  # seconds to wait for another program that writes


def is_key(text: str) -> bool:
    """Tell whether what a button sends back can be the number of a row."""
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY


class StoreError(UserError):
    """The file cannot be used: nothing can be promised any more."""


class StoreBusy(StoreError):
    """Another program holds the file: that may pass."""


class _Connection(sqlite3.Connection):
    """Tells in plain words that the file cannot be used; a wrong statement stays an error."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, timeout=LOCKED, isolation_level=None)
        self.path = path

    def execute(self, *args: Any) -> sqlite3.Cursor:
        with _plain_errors(self.path):
            return super().execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        with _plain_errors(self.path):
            return super().executemany(*args)


class Store:
    """The file. What is done inside `transaction` is on the disk, whole, when that ends."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises StoreError."""
        self.path = path
        self._scrub = False
        with _plain_errors(path):
            _keep_private(path)
            self.db = _Connection(path)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("PRAGMA foreign_keys = ON")
        self.db.execute("PRAGMA secure_delete = ON")
        with self.transaction():
            self._create()

    def _create(self) -> None:
        """Bring the file up to date, or make all of it. Raises StoreError for a newer one."""
        (version,) = self.db.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            sentence = f"the bot's file {self.path} was written by a newer opsctl than this one"
            raise StoreError(sentence, f"bring this one up to date: {upgrade_command()}")
        for table, statement in chain(*MIGRATIONS[version:]):
            if self.db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
                self.db.execute(statement)
        schema, statement = files("bot.store").joinpath("schema.sql"), ""
        for line in schema.read_text(encoding="utf-8").splitlines():
            statement += line + "\n"
            if sqlite3.complete_statement(statement):
                self.db.execute(statement)
                statement = ""
        if version < len(MIGRATIONS):
            self.db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or nothing of it; inside another one, a part of that one."""
        if self.db.in_transaction:
            yield
            return
        try:
            with whole(self.db):
                yield
        except sqlite3.DatabaseError as error:
            raise _unusable(self.path, error) from error
        if self._scrub:
            self._scrub = False
            self.empty_log()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of a transaction that can fail without the rest."""
        self.db.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException as error:
            if not self.db.in_transaction:  # SQLite itself has taken back all of it
                raise _unusable(self.path, error) from error
            self.db.execute("ROLLBACK TO attempt")
            raise
        finally:
            if self.db.in_transaction:
                self.db.execute("RELEASE attempt")

    def scrub(self) -> None:
        """Leave no trace in the file of what this transaction deletes."""
        self._scrub = True

    def empty_log(self) -> bool:
        """Put what was committed into the file and empty its log; False while others read it."""
        with suppress(UserError):
            return not self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return False

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

    def bodies(self, numbers: Sequence[int]) -> list[tuple[int, str]]:
        """Those of these updates (number in the inbox, JSON) that are not dealt with."""
        sql = "SELECT id, body FROM inbox WHERE NOT done AND id = ?"
        return [row for number in numbers for row in self.db.execute(sql, (number,))]

    def dealt_with(self, numbers: Sequence[int]) -> None:
        """Keep of these updates nothing but their numbers."""
        with self.transaction():
            self.db.executemany(
                "UPDATE inbox SET done = 1, body = '' WHERE id = ?", [(n,) for n in numbers]
            )

    def backlog(self) -> int:
        return int(self.db.execute("SELECT count(*) FROM inbox WHERE NOT done").fetchone()[0])

    def oldest(self) -> float:
        """When the first update came that is not dealt with (seconds since 1970), or now."""
        sql = "SELECT received FROM inbox WHERE NOT done ORDER BY id LIMIT 1"
        row = self.db.execute(sql).fetchone()
        return float(row[0]) if row else time.time()

    def username(self, token: str) -> str:
        """What the bot of this token is called, as Telegram said last; nothing before that."""
        return self.meta(f"username {token.partition(':')[0]}")

    def set_username(self, token: str, name: str) -> None:
        """Remember what the bot of this token is called."""
        self.set_meta(f"username {token.partition(':')[0]}", name)

    def meta(self, key: str) -> str:
        """A remembered value, or nothing."""
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def set_meta(self, key: str, value: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def sweep(self, now: float, keep_days: int = KEEP_DAYS) -> int:
        """Delete some of what is older than it is kept for; tell how many rows. 0: all is done."""
        with self.transaction():
            before = self.db.total_changes
            self.db.execute(
                "DELETE FROM inbox WHERE id IN"
                " (SELECT id FROM inbox WHERE done AND received < ? LIMIT ?)",
                (now - KEEP_UPDATES, SWEEP),
            )
            self._sweep_requests(now, min(KEEP_REQUESTS, keep_days * DAY))
            old = "SELECT id FROM answer WHERE state = 'done' AND asked < ? LIMIT ?"
            ids = [row[0] for row in self.db.execute(old, (now - keep_days * DAY, SWEEP))]
            for table, column in (("feedback", "answer"), ("turn", "answer"), ("answer", "id")):
                self.db.executemany(
                    f"DELETE FROM {table} WHERE {column} = ?", [(number,) for number in ids]
                )
            return self.db.total_changes - before

    def _sweep_requests(self, now: float, keep: float) -> None:
        old = "SELECT user FROM request WHERE made < ?"
        for table in ("kept", "notice_person", "request"):
            self.db.execute(f"DELETE FROM {table} WHERE user IN ({old})", (now - keep,))
        self.db.execute("DELETE FROM notice WHERE id NOT IN (SELECT notice FROM notice_person)")
        self.db.execute("DELETE FROM turned_away WHERE at < ?", (now - KEEP_TURNED,))
        self.db.execute("DELETE FROM member WHERE checked < ?", (now - keep,))


def _keep_private(path: Path) -> None:
    """Make the file, for its owner only, and take it away from everybody else if it is there."""
    private_folder(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError, PermissionError):
            path.with_name(path.name + suffix).chmod(0o600)


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """Raise StoreError where the file cannot be used."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise _unusable(path, error) from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:  # a constraint, a value: not the file's fault
            raise
        raise _unusable(path, error) from error


def _unusable(path: Path, error: BaseException) -> StoreError:
    if "locked" in str(error):
        return StoreBusy(f"another program holds {path}", f"fuser {path} shows which")
    hint = f"df -h shows whether there is room; {access_hint(path)}"
    return StoreError(f"the bot's file {path} cannot be used ({error})", hint)
