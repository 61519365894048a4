"""Strangers who ask to be let in: what they are told, who decides, and the questions they ask
meanwhile.

A decision is made once: whoever comes second changes nothing. It is in the store together with
everything that follows from it, which others do: decision_notifier.py tells the person and asks
what they asked meanwhile, notices.py lets the messages of the administrators say who decided.

A decider is an administrator's name, or one of the marks below for what decides by itself.
"""

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.people.people import LONGEST_NAME, People, Role
from bot.questions.answers import Answers, Question
from bot.store.store import DAY, KEEP_REQUESTS, Store
from core.text import printable

MOST_WAITING = 1000
MOST_TURNED_AWAY = 10_000  # who are told so; nobody remembers more of them
MOST_KEPT = 3  # questions of one person
REPLIES, REPLIES_SECONDS = 5, 3600.0  # so often somebody who waits is told so, in so many seconds
BY_OPSCTL, BY_INVITE, BY_GROUP = ":opsctl", ":invite", ":group"
_ROW = "user, code, name, username, language, number, made, state, decider"
State = Literal["waiting", "admitted", "refused"]


@dataclass(frozen=True)
class Request:
    """Somebody who asked, by which update and when, and what was decided by whom."""

    user: int
    code: str
    name: str
    username: str
    language: str
    number: int
    made: float
    state: State
    decider: str


class Requests:
    """The table of requests, and what hangs on it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._db = store.db
        self._people = People(store)

    def get(self, user: int) -> Request | None:
        """The person's request, decided or not."""
        sql = f"SELECT {_ROW} FROM request WHERE user = ? AND made >= ?"
        row = self._db.execute(sql, (user, time.time() - KEEP_REQUESTS)).fetchone()
        return Request(*row) if row else None

    def listing(self, state: State) -> list[Request]:
        """All requests in this state, the first one first."""
        sql = f"SELECT {_ROW} FROM request WHERE state = ? AND made >= ? ORDER BY made, number"
        rows = self._db.execute(sql, (state, time.time() - KEEP_REQUESTS))
        return [Request(*row) for row in rows]

    def by_code(self, code: str) -> Request | None:
        """The request of the person who was told this code, where it waits."""
        sql = "SELECT user FROM request WHERE code = ? AND state = 'waiting'"
        row = self._db.execute(sql, (code,)).fetchone()
        return self.get(row[0]) if row else None

    def ask(
        self, number: int, user: int, name: str, username: str, language: str
    ) -> Request | None:
        """The person's request, made by this update where there is none; None: no room is left."""
        with self.store.transaction():
            known = self.get(user)
            if (
                known and known.state != "admitted"
            ):  # who was let in then, and is not now, asks again
                return known
            sql = "SELECT count(*) FROM request WHERE state = 'waiting'"
            if self._db.execute(sql).fetchone()[0] >= MOST_WAITING:
                return None
            self.forget(user)
            self._db.execute(
                "INSERT INTO request (code, user, name, language, number, made, username)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    self._draw(),
                    user,
                    printable(name)[:LONGEST_NAME],
                    language,
                    number,
                    time.time(),
                    printable(username)[:LONGEST_NAME],
                ),
            )
            return self.get(user)

    def turn_away(self, user: int) -> bool:
        """There is no room: tell whether the person is to be told so, which they are once."""
        sql = "SELECT count(*) FROM turned_away"
        if self._db.execute(sql).fetchone()[0] >= MOST_TURNED_AWAY:
            return False
        sql = "INSERT OR IGNORE INTO turned_away VALUES (?, ?)"
        return self._db.execute(sql, (user, time.time())).rowcount > 0

    def may_be_told(self, user: int) -> bool:
        """Count a reply to somebody with a request; False where there were many of late.

        Who was refused is told so by the decision, and later once a day.
        """
        sql = "SELECT state, told, told_at FROM request WHERE user = ?"
        state, told, at = self._db.execute(sql, (user,)).fetchone()
        refused, now = state == "refused", time.time()
        most, seconds = (1, DAY) if refused else (REPLIES, REPLIES_SECONDS)
        if told >= most and now - at < seconds:
            return False
        told = 1 if told >= most else told + 1
        self._db.execute(
            "UPDATE request SET told = ?, told_at = ? WHERE user = ?", (told, now, user)
        )
        return True

    def keep(self, number: int, user: int, message: int, language: str, text: str) -> None:
        """Keep a question until the person is let in, and of theirs the last ones only."""
        self._db.execute(
            "INSERT OR IGNORE INTO kept VALUES (?, ?, ?, ?, ?)",
            (number, user, message, language, text),
        )
        self._db.execute(
            "DELETE FROM kept WHERE user = ?1 AND number NOT IN"
            " (SELECT number FROM kept WHERE user = ?1 ORDER BY number DESC LIMIT ?2)",
            (user, MOST_KEPT),
        )

    def admit(
        self,
        users: Iterable[int],
        decider: str = "",
        *,
        role: Role | None = None,
        until: float | None = None,
        how: str = "approved",
        again: bool = False,
    ) -> list[Request]:
        """Let those in who wait, and with `again` those who were refused; the others stay as is."""
        admitted = []
        with self.store.transaction():
            for request in self._decide(users, "admitted", decider, again):
                self._people.let_in(
                    request.user, request.name, request.username, role=role, until=until, how=how
                )
                self._tell(request.user, request.language, "let_in")
                admitted.append(request)
        return admitted

    def refuse(self, users: Iterable[int], decider: str = "") -> list[Request]:
        """Refuse those who wait; nothing is kept of what they asked."""
        with self.store.transaction():
            refused = self._decide(users, "refused", decider, again=False)
            for request in refused:
                self._db.execute("DELETE FROM kept WHERE user = ?", (request.user,))
                self._tell(request.user, request.language, "refused")
        return refused

    def came_in(self, user: int, language: str, words: str, decider: str) -> None:
        """The person was let in otherwise, and is to be told so in these words."""
        with self.store.transaction():
            self._decide([user], "admitted", decider, again=True)
            self._tell(user, language, words)

    def role_changed(self, user: int, role: Role) -> None:
        """Somebody who is in already may do more or less now, and is to be told so."""
        row = self._db.execute("SELECT language FROM request WHERE user = ?", (user,)).fetchone()
        language = row[0] if row else self.store.meta(f"language {user}") or "ru"
        self._tell(user, language, f"made_{role}")

    def forget(self, user: int) -> bool:
        """Leave nothing of the person's request; False where there was none."""
        with self.store.transaction():
            for table in ("kept", "welcome", "turned_away", "notice_person"):
                self._db.execute(f"DELETE FROM {table} WHERE user = ?", (user,))
            self._db.execute(
                "DELETE FROM notice WHERE id NOT IN (SELECT notice FROM notice_person)"
            )
            found = self._db.execute("DELETE FROM request WHERE user = ?", (user,))
            return found.rowcount > 0

    def to_tell(self) -> list[tuple[int, str, str]]:
        """People, their language, and the name of the text that they are to be told."""
        return self._db.execute("SELECT user, language, words FROM welcome").fetchall()

    def told(self, user: int, words: str) -> list[int]:
        """The person was told: what they asked meanwhile is asked now; the numbers of that."""
        with self.store.transaction():
            self._db.execute("DELETE FROM welcome WHERE user = ? AND words = ?", (user, words))
            if words == "refused":
                return []
            rows = self._db.execute(
                "DELETE FROM kept WHERE user = ? RETURNING number, message, language, question",
                (user,),
            ).fetchall()
            answers, now = Answers(self.store), time.time()
            for number, message, language, text in sorted(rows):
                answers.add(Question(number, user, None, user, message, language, text, now))
            return sorted(row[0] for row in rows)

    def _decide(
        self, users: Iterable[int], state: State, decider: str, again: bool
    ) -> list[Request]:
        """Those whose request changed by this: nobody had decided it before."""
        decided = []
        for user in users:
            changed = self._db.execute(
                "UPDATE request SET state = ?, decider = ?, told = 1, told_at = ? WHERE user = ?"
                " AND (state = 'waiting' OR ? AND state = 'refused')",
                (state, printable(decider)[:LONGEST_NAME], time.time(), user, again),
            )
            if changed.rowcount and (request := self.get(user)):
                decided.append(request)
                self._db.execute(
                    "UPDATE notice SET version = version + 1 WHERE id IN"
                    " (SELECT notice FROM notice_person WHERE user = ?)",
                    (user,),
                )
        return decided

    def _tell(self, user: int, language: str, words: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO welcome VALUES (?, ?, ?)", (user, language, words))

    def _draw(self) -> str:
        """A code that nobody has."""
        while True:
            code = f"{secrets.randbelow(1_000_000):06}"
            if not self._db.execute("SELECT 1 FROM request WHERE code = ?", (code,)).fetchone():
                return code
