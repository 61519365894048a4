"""Files that administrators sent, as rows: the truth from which any start of the bot goes on."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bot.people.people import LONGEST_NAME
from bot.store.store import Store
from core.text import printable

_ROW = "id, chat, sent, language, file, path, sha256, pages, message, said, failures, name, older"


@dataclass(frozen=True)
class Upload:
    """A file that was sent, see bot/store/schema.sql.

    `sent` is the number of the person's message, `file` Telegram's name for the content, and `path`
    where it goes, relative to the documents folder; `message` is ours, which tells how it goes.
    `name` is what the person calls it, and `older` the path of what it may replace.
    """

    id: int
    chat: int
    sent: int
    language: str
    file: str
    path: str
    sha256: str = ""
    pages: int | None = None
    message: int | None = None
    said: str = ""
    failures: int = 0
    name: str = ""
    older: str = ""


@dataclass(frozen=True)
class Sent:
    """An upload that is in the documents: where, with what content, and since when."""

    path: str
    sha256: str
    at: float


class UploadRows:
    """The table of uploads that are not told of yet."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db

    def add(self, upload: Upload) -> None:
        """Keep an upload, once; one that says something already is refused."""
        whose = (upload.id, upload.chat, upload.sent, upload.language)
        state = "final" if upload.said else "new"
        self._db.execute(
            "INSERT OR IGNORE INTO upload (id, chat, sent, language, file, path, name, said,"
            " state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*whose, upload.file, upload.path, upload.name, upload.said, state),
        )

    def brought_by(self, number: int, user: int, name: str) -> None:
        """Remember who sent it, until the administrators are told."""
        values = (number, user, printable(name)[:LONGEST_NAME])
        self._db.execute("INSERT OR IGNORE INTO brought VALUES (?, ?, ?, '')", values)

    def get(self, number: int) -> Upload | None:
        row = self._db.execute(f"SELECT {_ROW} FROM upload WHERE id = ?", (number,)).fetchone()
        return Upload(*row) if row else None

    def ready(self, state: str, now: float) -> list[int]:
        """The numbers of the uploads in this state to work on now, in the order of sending."""
        sql = "SELECT id FROM upload WHERE state = ? AND due <= ? ORDER BY id"
        return [row[0] for row in self._db.execute(sql, (state, now))]

    def next_due(self, now: float) -> float | None:
        """When the next upload that is put off at `now` is due; all in seconds since 1970."""
        due = self._db.execute("SELECT min(due) FROM upload WHERE due > ?", (now,)).fetchone()[0]
        return None if due is None else float(due)

    def placed_as(self, sha256: str) -> str:
        """Where another upload put this content that is being indexed now, or nothing."""
        sql = "SELECT path FROM upload WHERE state = 'placed' AND sha256 = ? LIMIT 1"
        row = self._db.execute(sql, (sha256,)).fetchone()
        return str(row[0]) if row else ""

    def told_by(self, number: int, message: int | None) -> None:
        """Remember the message that tells of the upload; None: it is gone."""
        self._db.execute("UPDATE upload SET message = ? WHERE id = ?", (message, number))

    def checked(self, number: int, sha256: str, pages: int | None) -> None:
        """This is what is going to lie under its path."""
        self._db.execute(
            "UPDATE upload SET sha256 = ?, pages = ? WHERE id = ?", (sha256, pages, number)
        )

    def placed(self, number: int, path: str) -> None:
        """It lies there, or where somebody put the same content before."""
        with self._store.transaction():
            self._db.execute("UPDATE upload SET path = ? WHERE id = ?", (path, number))
            self._db.execute("UPDATE brought SET path = ? WHERE upload = ?", (path, number))
            self._db.execute(
                "INSERT OR REPLACE INTO sent_file (path, called, sha256, at)"
                " SELECT path, name, sha256, ? FROM upload WHERE id = ?",
                (time.time(), number),
            )
            self._move(number, "placed", "")

    def namesakes(self, path: str) -> list[Sent]:
        """What was sent before this under the same name, the last one first."""
        sql = (
            "SELECT old.path, old.sha256, old.at FROM sent_file old JOIN sent_file new"
            " ON new.called = old.called AND new.id > old.id"
            " WHERE new.path = ? AND new.called != '' ORDER BY old.id DESC"
        )
        return [Sent(*row) for row in self._db.execute(sql, (path,))]

    def sent(self, path: str) -> Sent | None:
        """The upload that was put there."""
        sql = "SELECT path, sha256, at FROM sent_file WHERE path = ?"
        row = self._db.execute(sql, (path,)).fetchone()
        return Sent(*row) if row else None

    def finish(self, number: int, said: str, older: str = "") -> None:
        """Fix what is going to be told of it, and what it may replace."""
        with self._store.transaction():
            self._db.execute("UPDATE upload SET older = ? WHERE id = ?", (older, number))
            self._move(number, "final", said)

    def asked(self, number: int, until: float) -> None:
        """The person sees the question, unless they have answered it already."""
        self._db.execute(
            "UPDATE upload SET state = 'asked', due = ?, failures = 0"
            " WHERE id = ? AND state = 'final' AND older != ''",
            (until, number),
        )

    def undecided(self, number: int) -> Upload | None:
        """The upload, if the question about it is open."""
        sql = f"SELECT {_ROW} FROM upload WHERE id = ? AND state IN ('final', 'asked')"
        row = self._db.execute(f"{sql} AND older != ''", (number,)).fetchone()
        return Upload(*row) if row else None

    def replace(self, upload: Upload) -> None:
        """It takes the place of the older one."""
        self._move(upload.id, "replacing", upload.said)

    def remove(self, number: int) -> None:
        """Nothing is left to be done for it."""
        self._db.execute("DELETE FROM brought WHERE upload = ? AND path = ''", (number,))
        self._db.execute("DELETE FROM upload WHERE id = ?", (number,))

    def postpone(self, numbers: Sequence[int], seconds: float, failed: bool = True) -> None:
        """Try again after so many seconds."""
        due = time.time() + seconds
        with self._store.transaction():
            self._db.executemany(
                "UPDATE upload SET due = ?, failures = failures + ? WHERE id = ?",
                [(due, failed, number) for number in numbers],
            )

    def _move(self, number: int, state: str, said: str) -> None:
        self._db.execute(
            "UPDATE upload SET state = ?, said = ?, due = 0, failures = 0 WHERE id = ?",
            (state, said, number),
        )
