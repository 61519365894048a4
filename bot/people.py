"""People who were let in by a pairing code, beside those in the settings."""

import secrets
import time
from dataclasses import dataclass

from bot.store import Store
from indexer.documents import printable

CODE_SECONDS = 3600.0
MOST_CODES = 10


@dataclass(frozen=True)
class Person:
    """Somebody who was approved, and when (seconds since 1970)."""

    user: int
    name: str
    added: float


class People:
    """The approved people and the codes that wait for approval."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db

    def knows(self, user: int) -> bool:
        """Tell whether the person was approved."""
        return bool(self._db.execute("SELECT 1 FROM person WHERE user = ?", (user,)).fetchone())

    def all(self) -> list[Person]:
        """Everybody who was approved."""
        return [Person(*row) for row in self._db.execute("SELECT * FROM person ORDER BY added")]

    def make_code(self, user: int, name: str) -> str:
        """A code of six digits, valid for an hour; nothing where the person was told one already,
        or too many people wait."""
        with self._store.transaction():
            self._expire()
            waiting = [row[0] for row in self._db.execute("SELECT user FROM pairing")]
            if user in waiting or len(waiting) >= MOST_CODES:
                return ""
            code = f"{secrets.randbelow(1_000_000):06}"
            self._db.execute(
                "INSERT OR REPLACE INTO pairing VALUES (?, ?, ?, ?)",
                (code, user, printable(name)[:64], time.time()),
            )
            return code

    def approve(self, code: str) -> Person | None:
        """Let the person with this code in; None where no such code is valid."""
        with self._store.transaction():
            self._expire()
            sql = "SELECT user, name FROM pairing WHERE code = ?"
            row = self._db.execute(sql, (code,)).fetchone()
            if row is None:
                return None
            person = Person(row[0], row[1], time.time())
            self._db.execute("DELETE FROM pairing WHERE code = ?", (code,))
            self._db.execute(
                "INSERT OR REPLACE INTO person VALUES (?, ?, ?)",
                (person.user, person.name, person.added),
            )
            return person

    def remove(self, user: int) -> bool:
        """Take the approval back; False where there was none."""
        with self._store.transaction():
            found = self._db.execute("DELETE FROM person WHERE user = ?", (user,))
            return found.rowcount > 0

    def _expire(self) -> None:
        self._db.execute("DELETE FROM pairing WHERE made < ?", (time.time() - CODE_SECONDS,))
