"""People who were let in by a pairing code, beside those in the settings."""

import secrets
import time
from dataclasses import dataclass

from bot.store import KEEP_CODES, Store
from indexer.text import printable

MOST_CODES = 10


@dataclass(frozen=True)
class Person:
    """Somebody who was approved, or was told a code, and when (seconds since 1970)."""

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

    def waiting(self) -> list[Person]:
        """Everybody who was told a code that is still valid."""
        sql = "SELECT user, name, made FROM invitation WHERE made >= ? ORDER BY made"
        return [Person(*row) for row in self._db.execute(sql, (time.time() - KEEP_CODES,))]

    def make_code(self, number: int, user: int, name: str, language: str) -> str:
        """A code of six digits, valid for an hour; nothing where the person was told one already,
        or too many people wait. The same number (of an update) gets the same code again."""
        with self._store.transaction():
            self._expire()
            known = self._db.execute(
                "SELECT code, number FROM invitation WHERE user = ?", (user,)
            ).fetchone()
            if known:
                return str(known[0]) if known[1] == number else ""
            taken = {row[0] for row in self._db.execute("SELECT code FROM invitation")}
            if len(taken) >= MOST_CODES:
                return ""
            code = _draw()
            while code in taken:
                code = _draw()
            self._db.execute(
                "INSERT INTO invitation VALUES (?, ?, ?, ?, ?, ?)",
                (code, user, printable(name)[:64], language, number, time.time()),
            )
            return code

    def approve(self, code: str) -> Person | None:
        """Let the person with this code in; None where no such code is valid."""
        with self._store.transaction():
            self._expire()
            sql = "SELECT user, name, language FROM invitation WHERE code = ?"
            row = self._db.execute(sql, (code,)).fetchone()
            if row is None:
                return None
            person = Person(row[0], row[1], time.time())
            self._db.execute("DELETE FROM invitation WHERE code = ?", (code,))
            self._db.execute(
                "INSERT OR REPLACE INTO person VALUES (?, ?, ?)",
                (person.user, person.name, person.added),
            )
            self._db.execute("INSERT OR REPLACE INTO welcome VALUES (?, ?)", (row[0], row[2]))
            return person

    def remove(self, user: int) -> bool:
        """Take the approval back, or the code; False where there was neither."""
        with self._store.transaction():
            self._db.execute("DELETE FROM welcome WHERE user = ?", (user,))
            found = self._db.execute("DELETE FROM person WHERE user = ?", (user,))
            return self.forget_code(user) or found.rowcount > 0

    def forget_code(self, user: int) -> bool:
        """Let the person's code be valid no more; False where there was none."""
        return self._db.execute("DELETE FROM invitation WHERE user = ?", (user,)).rowcount > 0

    def forget_codes(self) -> int:
        """Let no code be valid any more; tell how many there were."""
        with self._store.transaction():
            self._expire()
            return self._db.execute("DELETE FROM invitation").rowcount

    def to_welcome(self) -> list[tuple[int, str]]:
        """People (and their language) who were approved and are not told so yet."""
        return self._db.execute("SELECT user, language FROM welcome").fetchall()

    def welcomed(self, user: int) -> None:
        """The person was told."""
        self._db.execute("DELETE FROM welcome WHERE user = ?", (user,))

    def _expire(self) -> None:
        self._db.execute("DELETE FROM invitation WHERE made < ?", (time.time() - KEEP_CODES,))


def _draw() -> str:
    return f"{secrets.randbelow(1_000_000):06}"
