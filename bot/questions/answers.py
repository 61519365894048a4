"""Questions and what became of them, as rows: the truth from which any start of the bot goes on."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from assistant.events import Citation
from bot.store.store import Store

TURN_CHARS = 2000
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
class Text:
    """What a message is to say; the entities as Telegram's JSON objects."""

    text: str
    entities: Sequence[dict[str, object]] = ()


@dataclass(frozen=True)
class StoredPart:
    """A message of an answer: its number in the chat, once it is there, and its final text."""

    number: int
    message: int | None
    content: Text | None
    shown: bool


class Answers:
    """The table of answers, with their parts, turns and feedback."""

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
        """The answer of this number."""
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
        """The messages of an answer, in order."""
        sql = "SELECT number, message, text, entities, shown FROM part WHERE answer = ? ORDER BY 1"
        return [_part(*row) for row in self._db.execute(sql, (number,))]

    def finish(
        self,
        number: int,
        outcome: str,
        texts: Sequence[Text],
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

    def replace(self, number: int, outcome: str, texts: Sequence[Text]) -> None:
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

    def _write(self, number: int, texts: Sequence[Text]) -> None:
        for part, content in enumerate(texts):
            self._db.execute(
                "INSERT INTO part (answer, number, text, entities) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET text = excluded.text, entities = excluded.entities,"
                " shown = 0",
                (number, part, content.text, _json(content.entities)),
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
    content = None if text is None else Text(text, json.loads(entities))
    return StoredPart(number, message, content, bool(shown))


def _json(value: object) -> str:
    return json.dumps(value)  # ASCII: half of a surrogate pair has no form in UTF-8
