"""Links that let in whoever opens them: `t.me/<bot>?start=<secret>`, made by opsctl.

The code with which the first administrator claims the bot is one too: for one person, with the role
of an administrator, and of digits, so that it can be typed.
"""

import re
import secrets
import time
from dataclasses import dataclass
from typing import Literal

from bot.people.people import ROLES, People, Role
from bot.store.store import Store

CLAIM_DIGITS = 16
MOST_GUESSES = 50  # wrong codes until the right one is valid no more, and another has to be made
_GUESSES = "claim guesses"
_ROW = "id, secret, role, made, most, until, revoked"
Use = Literal["in", "twice", "used up", "expired", "unknown"]


@dataclass(frozen=True)
class Invite:
    """A link: for how many people (None: any number), and until when in seconds since 1970."""

    id: int
    secret: str
    role: Role
    made: float
    most: int | None
    until: float | None
    revoked: bool
    used: int = 0

    @property
    def is_open(self) -> bool:
        """Tell whether it lets anybody in."""
        left = self.most is None or self.used < self.most
        return left and not self.revoked and (self.until is None or self.until > time.time())


class Invites:
    """The table of links."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db
        self._people = People(store)

    def all(self) -> list[Invite]:
        """Every link, the oldest first."""
        count = "(SELECT count(*) FROM invited WHERE invite = id AND number > 0)"
        return [_invite(row) for row in self._db.execute(f"SELECT {_ROW}, {count} FROM invite")]

    def make(
        self, role: Role = "person", most: int | None = None, until: float | None = None
    ) -> Invite:
        return self._make(secrets.token_urlsafe(16), role, most, until)

    def claim(self) -> Invite:
        """The code that makes an administrator: the one that there is, or a new one."""
        with self._store.transaction():
            for invite in self.all():
                if invite.is_open and is_claim(invite.secret):
                    return invite
            self._store.set_meta(_GUESSES, "0")
            code = "".join(secrets.choice("0123456789") for _ in range(CLAIM_DIGITS))
            return self._make(code, "admin", 1, None)

    def revoke(self, number: int) -> bool:
        """Let the link let nobody in any more; False where there is none of this number."""
        sql = "UPDATE invite SET revoked = 1 WHERE id = ?"
        return self._db.execute(sql, (number,)).rowcount > 0

    def close_to(self, user: int) -> None:
        """None of the links that there are lets this person in: they were removed."""
        sql = "INSERT OR IGNORE INTO invited SELECT id, ?, 0 FROM invite"
        self._db.execute(sql, (user,))

    def use(
        self, secret: str, number: int, user: int, name: str, username: str
    ) -> tuple[Use, Role]:
        """Let the person in by this secret, which the update of this number holds, and once."""
        wanted = re.sub(r"\D", "", secret) if is_claim(secret) else secret
        with self._store.transaction():
            found = next((one for one in self.all() if one.secret == wanted), None)
            if found is None:
                self._guessed(secret)
                return "unknown", "person"
            sql = "SELECT number FROM invited WHERE invite = ? AND user = ?"
            used = self._db.execute(sql, (found.id, user)).fetchone()
            if used:  # the same update comes again after a crash
                return ("in" if used[0] == number else "twice"), found.role
            if found.most is not None and found.used >= found.most:
                return "used up", found.role
            if not found.is_open:
                return "expired", found.role
            self._db.execute("INSERT INTO invited VALUES (?, ?, ?)", (found.id, user, number))
            how = "claim" if is_claim(secret) else "invite"
            role = max(found.role, self._people.role(user), key=ROLES.index)
            self._people.let_in(user, name, username, how=how, role=role)
            return "in", role

    def end_claims(self) -> None:
        """There is an administrator: no code makes another one."""
        for invite in self.all():
            if invite.is_open and is_claim(invite.secret):
                self.revoke(invite.id)

    def _make(self, secret: str, role: Role, most: int | None, until: float | None) -> Invite:
        made = time.time()
        row = self._db.execute(
            "INSERT INTO invite (secret, role, made, most, until) VALUES (?, ?, ?, ?, ?)"
            " RETURNING id",
            (secret, role, made, most, until),
        ).fetchall()[0]
        return Invite(row[0], secret, role, made, most, until, False)

    def _guessed(self, secret: str) -> None:
        """A wrong code: after many of them the right one is worth nothing."""
        if not is_claim(secret):
            return
        guesses = int(self._store.meta(_GUESSES) or "0") + 1
        self._store.set_meta(_GUESSES, str(guesses))
        if guesses >= MOST_GUESSES:
            self.end_claims()


def is_claim(secret: str) -> bool:
    """Tell a code to be typed from the secret of a link."""
    return bool(re.fullmatch(r"[\d\s–—-]{4,40}", secret))


def in_groups(code: str) -> str:
    """A code as it is read and typed: 4821-9937-0412-5560."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def link(username: str, invite: Invite) -> str:
    """The address that opens the bot with this secret."""
    secret = in_groups(invite.secret) if is_claim(invite.secret) else invite.secret
    return f"https://t.me/{username}?start={secret}"


def _invite(row: tuple[int, str, Role, float, int | None, float | None, int, int]) -> Invite:
    number, secret, role, made, most, until, revoked, used = row
    return Invite(number, secret, role, made, most, until, bool(revoked), used)
