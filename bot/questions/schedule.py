"""When an answer is worked on: the columns of the answers that say so, and the rows beside them."""

import json
import time
from collections.abc import Iterable

from bot.store.store import Store

MOST = 1000  # answers that are counted before another one


class Schedule:
    """What is to be done now, what later. All times in seconds since 1970."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db

    def ready(
        self, now: float, busy: Iterable[int], limit: int, only_final: bool
    ) -> list[tuple[int, int]]:
        """(number, person) of the answers to work on now: each the first of a person not busy.

        What is put off holds back the person's later questions in its own chat only.
        """
        sql = (
            "SELECT id, user FROM answer a WHERE state != 'done' AND due <= ?1"
            + (" AND state = 'final'" if only_final else "")
            + " AND user NOT IN (SELECT value FROM json_each(?2))"
            " AND NOT EXISTS (SELECT 1 FROM answer b WHERE b.user = a.user AND b.id < a.id"
            " AND b.state != 'done' AND (b.chat = a.chat OR b.due <= ?1 AND NOT EXISTS"
            " (SELECT 1 FROM answer c WHERE c.user = b.user AND c.id < b.id"
            " AND c.state != 'done' AND c.chat = b.chat))) ORDER BY id LIMIT ?3"
        )
        return self._db.execute(sql, (now, json.dumps(list(busy)), limit)).fetchall()

    def next_due(self, now: float) -> float | None:
        """When the next answer that is put off at `now` is due."""
        sql = "SELECT min(due) FROM answer WHERE state != 'done' AND due > ?"
        due = self._db.execute(sql, (now,)).fetchone()[0]
        return None if due is None else float(due)

    def ahead_of(self, number: int) -> int:
        """How many answers are to be written before this one; MOST stands for more, too."""
        sql = (
            "SELECT count(*) FROM (SELECT 1 FROM answer"
            " WHERE state != 'done' AND state = 'waiting' AND id < ? LIMIT ?)"
        )
        return int(self._db.execute(sql, (number, MOST)).fetchone()[0])

    def waiting(self, limit: int) -> list[tuple[int, int, float]]:
        """(number, chat, due) of the next answers to be written, in order."""
        sql = (
            "SELECT id, chat, due FROM answer WHERE state != 'done' AND state = 'waiting'"
            " ORDER BY id LIMIT ?"
        )
        return self._db.execute(sql, (limit,)).fetchall()

    def counts(self) -> dict[str, int]:
        """How many answers are waiting to be written, and how many to be shown."""
        sql = "SELECT state, count(*) FROM answer WHERE state != 'done' GROUP BY state"
        return {"waiting": 0, "final": 0} | dict(self._db.execute(sql).fetchall())

    def begin(self, number: int) -> int:
        """The answer is going to be written; how often that was begun and not `ended` before."""
        sql = (
            "INSERT INTO begun VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1"
            " RETURNING times - 1"
        )
        (times,) = self._db.execute(sql, (number,)).fetchall()[0]
        return int(times)

    def ended(self, number: int) -> None:
        """The writing ended, in whatever way, and the process did not."""
        self._db.execute("DELETE FROM begun WHERE answer = ?", (number,))

    def put_off(self, number: int, seconds: float, failed: str) -> None:
        """Try again after so many seconds; `failed` is "server" or "telegram"."""
        self._db.execute(
            f"UPDATE answer SET due = ?, {failed}_failures = {failed}_failures + 1 WHERE id = ?",
            (time.time() + seconds, number),
        )

    def put_off_chat(self, chat: int, seconds: float) -> None:
        """Leave the chat alone for so many seconds."""
        self._db.execute(
            "UPDATE answer SET due = max(due, ?) WHERE chat = ? AND state != 'done'",
            (time.time() + seconds, chat),
        )

    def clock_set_back(self, seconds: float) -> None:
        """The clock was set back: what is put off stays so for as long as before."""
        for table in ("answer", "upload"):
            self._db.execute(f"UPDATE {table} SET due = due - ? WHERE due > 0", (seconds,))
