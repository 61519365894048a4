"""People who were let in, beside those in the settings, and what each of them may do."""

import time
from dataclasses import dataclass
from typing import Literal

from bot.store.store import Store
from core.text import printable

Role = Literal["person", "editor", "admin"]
ROLES: tuple[Role, ...] = ("person", "editor", "admin")
LONGEST_NAME = 64
_ROW = "user, name, username, role, how, added, until"


@dataclass(frozen=True)
class Person:
    """Somebody who was let in: how, when, and until when (seconds since 1970; None: for ever).

    `how` is "settings" for somebody who comes in by those and was only given a role.
    """

    user: int
    name: str
    username: str = ""
    role: Role = "person"
    how: str = "approved"
    added: float = 0.0
    until: float | None = None

    @property
    def current(self) -> bool:
        """Tell whether it is not over."""
        return self.until is None or self.until > time.time()


class People:
    """The table of people."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._db = store.db

    def get(self, user: int) -> Person | None:
        """The person, also one whose time is over."""
        sql = f"SELECT {_ROW} FROM person WHERE user = ?"
        row = self._db.execute(sql, (user,)).fetchone()
        return Person(*row) if row else None

    def knows(self, user: int) -> bool:
        """Tell whether the person was let in and may still ask."""
        found = self.get(user)
        return found is not None and found.current and found.how != "settings"

    def role(self, user: int) -> Role:
        """What the person may do who is let in, by whatever way."""
        found = self.get(user)
        return found.role if found and found.current else "person"

    def all(self) -> list[Person]:
        """Everybody, in the order of their coming."""
        rows = self._db.execute(f"SELECT {_ROW} FROM person ORDER BY added, user")
        return [Person(*row) for row in rows]

    def with_role(self, *roles: Role) -> list[int]:
        """The ids of those who have one of the roles now."""
        return [person.user for person in self.all() if person.role in roles and person.current]

    def let_in(
        self,
        user: int,
        name: str = "",
        username: str = "",
        *,
        how: str = "approved",
        role: Role | None = None,
        until: float | None = None,
    ) -> Person:
        """Let somebody in, or again until another time; without a role they keep the one they have.

        What is not known of their names stays as it was.
        """
        known = self.get(user) or Person(user, "", added=time.time())
        name = printable(name)[:LONGEST_NAME] or known.name
        person = Person(
            user, name, username or known.username, role or known.role, how, known.added, until
        )
        self._keep(person)
        return person

    def set_role(self, user: int, role: Role, *, listed: bool) -> bool:
        """Give a role; False for somebody who is neither here nor `listed` in the settings."""
        known = self.get(user)
        if known is None and not listed:
            return False
        known = known or Person(user, "", how="settings", added=time.time())
        self._keep(
            Person(user, known.name, known.username, role, known.how, known.added, known.until)
        )
        return True

    def remove(self, user: int) -> bool:
        """Let the person in no more; False where they were not."""
        return self._db.execute("DELETE FROM person WHERE user = ?", (user,)).rowcount > 0

    def _keep(self, person: Person) -> None:
        values = (person.user, person.name, person.username, person.role, person.how)
        self._db.execute(
            f"INSERT OR REPLACE INTO person ({_ROW}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*values, person.added, person.until),
        )
