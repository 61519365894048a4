"""Files that administrators sent, as rows: the truth from which any start of the bot goes on."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bot.door.people import LONGEST_NAME
from bot.store import Store
from indexer.text import printable

_ROW = "id, chat, sent, language, file, path, sha256, pages, message, said, failures"


@dataclass(frozen=True)
class Upload:
    """A file that was sent, see bot/schema.sql.

    `sent` is the number of the person's message, `file` Telegram's name for the content, and `path`
    where it goes, relative to the documents folder; `message` is ours, which tells how it goes.
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
            "INSERT OR IGNORE INTO upload (id, chat, sent, language, file, path, said, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*whose, upload.file, upload.path, upload.said, state),
        )

    def brought_by(self, number: int, user: int, name: str) -> None:
        """Remember who sent it, until the administrators are told."""
        values = (number, user, printable(name)[:LONGEST_NAME])
        self._db.execute("INSERT OR IGNORE INTO brought VALUES (?, ?, ?, '')", values)

    def get(self, number: int) -> Upload | None:
        """The upload with this number."""
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
        self._db.execute("UPDATE upload SET path = ? WHERE id = ?", (path, number))
        self._db.execute("UPDATE brought SET path = ? WHERE upload = ?", (path, number))
        self._move(number, "placed", "")

    def finish(self, number: int, said: str) -> None:
        """Fix what is going to be told of it."""
        self._move(number, "final", said)

    def remove(self, number: int) -> None:
        """Nothing is left to be done for it."""
        self._db.execute("DELETE FROM brought WHERE upload = ? AND path = ''", (number,))
        self._db.execute("DELETE FROM upload WHERE id = ?", (number,))

    def put_off(self, numbers: Sequence[int], seconds: float, failed: bool = True) -> None:
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
