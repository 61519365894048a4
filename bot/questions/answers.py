"""Questions and what became of them, as rows: the truth from which any start of the bot goes on.

Times are in seconds since 1970.
"""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from assistant.events import Citation
from bot.messages.parts import Entity, Part
from bot.store.store import Store

TURN_CHARS = 2000
MOST = 1000  # answers that are counted before another one
_ROW = (
    "id, chat, thread, user, message, language, question, asked, state, outcome, citations,"
    " server_failures, telegram_failures"
)


@dataclass(frozen=True)
class Question:
    """A question as it was asked; `id` is the update's number in the inbox.

    `message` is the number of the person's message, `asked` its time in seconds since 1970.
    """

    id: int
    chat: int
    thread: int | None
    user: int
    message: int | None
    language: str
    text: str
    asked: float


@dataclass(frozen=True)
class Answer:
    """A question with its state, see bot/store/schema.sql."""

    question: Question
    state: str
    outcome: str
    citations: tuple[Citation, ...]
    server_failures: int
    telegram_failures: int


@dataclass(frozen=True)
class StoredPart:
    """A message of an answer: its number in the chat, once it is there, and its final text."""

    number: int
    message: int | None
    content: Part | None
    shown: bool


class Answers:
    """The table of answers and their parts: what each says, and what is to be done now or later."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db

    def add(self, question: Question, outcome: str = "") -> bool:
        """Keep a question, once; one with an outcome is refused and is not answered."""
        asked = question
        values = (asked.id, asked.chat, asked.thread, asked.user, asked.message, asked.language)
        state = "done" if outcome else "waiting"
        cursor = self._db.execute(
            "INSERT OR IGNORE INTO answer (id, chat, thread, user, message, language, question,"
            " asked, state, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, "" if outcome else asked.text, asked.asked, state, outcome),
        )
        return cursor.rowcount > 0

    def get(self, number: int) -> Answer | None:
        row = self._db.execute(f"SELECT {_ROW} FROM answer WHERE id = ?", (number,)).fetchone()
        return _answer(row) if row else None

    def last(self, chat: int, user: int) -> Answer | None:
        """The person's last question in the chat that was accepted."""
        sql = (
            f"SELECT {_ROW} FROM answer WHERE chat = ? AND user = ? AND question != ''"
            " ORDER BY id DESC LIMIT 1"
        )
        row = self._db.execute(sql, (chat, user)).fetchone()
        return _answer(row) if row else None

    def open_of(self, user: int) -> int:
        """How many answers the person is waiting for."""
        sql = "SELECT count(*) FROM answer WHERE user = ? AND state != 'done'"
        return int(self._db.execute(sql, (user,)).fetchone()[0])

    def placed(self, number: int, part: int, message: int | None) -> None:
        """Remember the message that this part is going to be; None: it is gone.

        Nothing is remembered of an answer that was erased.
        """
        self._db.execute(
            "INSERT INTO part (answer, number, message) SELECT id, ?, ? FROM answer WHERE id = ?"
            " ON CONFLICT DO UPDATE SET message = excluded.message",
            (part, message, number),
        )

    def parts(self, number: int) -> list[StoredPart]:
        sql = "SELECT number, message, text, entities, shown FROM part WHERE answer = ? ORDER BY 1"
        return [_part(*row) for row in self._db.execute(sql, (number,))]

    def finish(
        self,
        number: int,
        outcome: str,
        texts: Sequence[Part],
        citations: Sequence[Citation] = (),
        turn: str = "",
    ) -> bool:
        """Fix what the answer is going to say; False where that is fixed already.

        `turn` is the answer as the dialogue remembers it.
        """
        with self._store.transaction():
            changed = self._db.execute(
                "UPDATE answer SET state = 'final', outcome = ?, citations = ?"
                " WHERE id = ? AND state = 'waiting'",
                (outcome, _json([asdict(citation) for citation in citations]), number),
            )
            if not changed.rowcount:
                return False
            self._write(number, texts)
            if turn:
                self._db.execute(
                    "INSERT OR REPLACE INTO turn SELECT id, chat, ifnull(thread, 0), user,"
                    " question, ? FROM answer WHERE id = ?",
                    (turn[:TURN_CHARS], number),
                )
            return True

    def replace(self, number: int, outcome: str, texts: Sequence[Part]) -> None:
        """Let a final answer that is not shown yet say something else."""
        with self._store.transaction():
            changed = self._db.execute(
                "UPDATE answer SET outcome = ? WHERE id = ? AND state = 'final'", (outcome, number)
            )
            if changed.rowcount:
                self._write(number, texts)

    def shown(self, number: int, part: int) -> None:
        """This part reads as it has to."""
        self._db.execute(
            "UPDATE part SET shown = 1 WHERE answer = ? AND number = ?", (number, part)
        )

    def close(self, number: int, outcome: str = "") -> None:
        """Nothing is left to be done for the answer; its words are in the chat."""
        with self._store.transaction():
            self._db.execute(
                "UPDATE answer SET state = 'done', outcome = ifnull(nullif(?, ''), outcome)"
                " WHERE id = ?",
                (outcome, number),
            )
            self._db.execute("DELETE FROM part WHERE answer = ?", (number,))

    def move_chat(self, old: int, new: int) -> None:
        """A group got another number; messages that are to be edited are looked for no more."""
        with self._store.transaction():
            self._db.execute(
                "UPDATE part SET message = NULL WHERE NOT shown AND answer IN"
                " (SELECT id FROM answer WHERE chat = ? AND state != 'done')",
                (old,),
            )
            for table in ("answer", "turn"):
                self._db.execute(f"UPDATE {table} SET chat = ? WHERE chat = ?", (new, old))
            self._db.execute("UPDATE OR REPLACE fresh SET chat = ? WHERE chat = ?", (new, old))
            self._db.execute("INSERT OR REPLACE INTO moved VALUES (?, ?)", (new, old))

    def waiting_of(self, user: int, before: int) -> list[Answer]:
        """The person's questions up to this number whose answers are not written yet."""
        sql = (
            f"SELECT {_ROW} FROM answer WHERE user = ? AND id <= ? AND state = 'waiting'"
            " ORDER BY id"
        )
        return [_answer(row) for row in self._db.execute(sql, (user, before))]

    def is_open(self, question: Question) -> bool:
        """Tell whether the message that asked this is being answered, first or again."""
        sql = "SELECT 1 FROM answer WHERE user = ? AND state != 'done' AND chat = ? AND message = ?"
        asked = (question.user, question.chat, question.message)
        return bool(self._db.execute(sql, asked).fetchone())

    def forget(self, user: int, before: int) -> None:
        """Delete what the person said and was told, up to this number.

        That a question was asked stays: it counts for the quota. It has no words any more.
        """
        known = (user, before)
        self._store.scrub()
        self._db.execute("DELETE FROM turn WHERE user = ? AND answer <= ?", known)
        self._db.execute("DELETE FROM feedback WHERE user = ? AND answer <= ?", known)
        self._db.execute(
            "UPDATE answer SET question = '', citations = '[]' WHERE user = ? AND id <= ?", known
        )
        unshown = (
            " WHERE NOT shown AND text IS NOT NULL AND answer IN (SELECT id FROM answer"
            " WHERE user = ? AND id <= ? AND outcome != 'stopped')"
        )
        self._db.execute("DELETE FROM part" + unshown + " AND number > 0", known)
        self._db.execute("UPDATE part SET text = '⏹', entities = '[]'" + unshown, known)

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

    def postpone(self, number: int, seconds: float, failed: str) -> None:
        """Try again after so many seconds; `failed` is "server" or "telegram"."""
        self._db.execute(
            f"UPDATE answer SET due = ?, {failed}_failures = {failed}_failures + 1 WHERE id = ?",
            (time.time() + seconds, number),
        )

    def postpone_chat(self, chat: int, seconds: float) -> None:
        """Leave the chat alone for so many seconds."""
        self._db.execute(
            "UPDATE answer SET due = max(due, ?) WHERE chat = ? AND state != 'done'",
            (time.time() + seconds, chat),
        )

    def clock_set_back(self, seconds: float) -> None:
        """The clock was set back: what is put off stays so for as long as before."""
        for table in ("answer", "upload"):
            self._db.execute(f"UPDATE {table} SET due = due - ? WHERE due > 0", (seconds,))

    def _write(self, number: int, texts: Sequence[Part]) -> None:
        for part, content in enumerate(texts):
            self._db.execute(
                "INSERT INTO part (answer, number, text, entities) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET text = excluded.text, entities = excluded.entities,"
                " shown = 0",
                (number, part, content.text, _json([asdict(one) for one in content.entities])),
            )
        self._db.execute("DELETE FROM part WHERE answer = ? AND number >= ?", (number, len(texts)))


def _answer(row: Sequence[object]) -> Answer:
    *question, state, outcome, citations, server, telegram = row
    quotes = tuple(Citation(**quote) for quote in json.loads(str(citations)))
    asked = Question(*question)  # type: ignore[arg-type]
    return Answer(asked, str(state), str(outcome), quotes, int(str(server)), int(str(telegram)))


def _part(
    number: int, message: int | None, text: str | None, entities: str, shown: int
) -> StoredPart:
    formats = tuple(Entity(**one) for one in json.loads(entities))
    content = None if text is None else Part(text, formats)
    return StoredPart(number, message, content, bool(shown))


def _json(value: object) -> str:
    return json.dumps(value)  # ASCII: half of a surrogate pair has no form in UTF-8
