"""What was said before, as the model is told it, and what people thought of it."""

import time

from assistant.events import Turn
from bot.questions.answers import Question
from bot.store.store import Store

TURNS = 3  # of the dialogue that are given to the model


class Dialogue:
    """What was said before, per chat and topic, and what people thought of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db

    def turns(self, question: Question) -> list[Turn]:
        """The last turns before the question, oldest first."""
        key = (question.chat, question.thread or 0)
        sql = (
            "SELECT question, text FROM turn WHERE chat = ? AND thread = ? AND answer < ?"
            " AND answer > ifnull((SELECT since FROM fresh WHERE chat = ? AND thread = ?), 0)"
            " ORDER BY answer DESC LIMIT ?"
        )
        rows = self._db.execute(sql, (*key, question.id, *key, TURNS)).fetchall()
        return [Turn(*row) for row in reversed(rows)]

    def reset(self, chat: int, thread: int | None, since: int) -> None:
        """Forget the turns up to this number."""
        self._db.execute(
            "INSERT INTO fresh VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
            " since = max(since, excluded.since)",
            (chat, thread or 0, since),
        )

    def drop(self, question: Question) -> None:
        """Forget the turns that this message began: it is being answered again."""
        sql = (
            "DELETE FROM turn WHERE answer IN"
            " (SELECT id FROM answer WHERE user = ? AND chat = ? AND message = ?)"
        )
        self._db.execute(sql, (question.user, question.chat, question.message))

    def rate(self, answer: int, user: int, value: int) -> None:
        """Keep what the person thinks of the answer: 1 or -1; the last word counts."""
        self._db.execute(
            "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?)",
            (answer, user, value, time.time()),
        )

    def ratings(self) -> tuple[int, int]:
        """How many answers of those that are kept were liked and disliked."""
        row = self._db.execute("SELECT sum(value > 0), sum(value < 0) FROM feedback").fetchone()
        return int(row[0] or 0), int(row[1] or 0)
