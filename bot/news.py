"""Administrators are told what changed in the documents, whoever changed it: once, and together.

What the index holds is compared with what it held when they were last told, which is kept in the
store: so nothing is lost with a process, and what has been told is not told again.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field

from bot.base.context import Context
from bot.index.last_run import LastRun
from bot.questions.fallbacks import TROUBLE
from bot.store.store import StoreBusy
from bot.telegram.errors import Banned, SendingError, Unreachable
from bot.texts import Texts, texts_for
from core.errors import UserError
from core.lock import is_held
from core.text import printable
from indexer.store.folder import IndexFolder

LOOK = 15.0  # seconds between two looks; so long nothing may have changed before it is told
GATHER = 600.0  # seconds between two messages
NAMED = 5
LONGEST_NAME = 90
LONGEST_REASON = 200
ENDING = 2.0  # seconds for a message that is being sent when the bot stops
log = logging.getLogger(__name__)

Held = Mapping[str, tuple[str, str]]  # by path: SHA-256, nothing for one that is not in the index,
# and why it could not be read, nothing where it could


@dataclass
class Changes:
    """Documents by path, and why some could not be read."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def between(cls, old: Held, new: Held) -> "Changes":
        """What is different in the new index."""
        found = cls()
        for path, (sha256, problem) in sorted(new.items()):
            before, problem_before = old.get(path, ("", ""))
            if sha256 and sha256 != before:
                (found.changed if before else found.added).append(path)
            if problem and problem != problem_before:
                found.failed[path] = problem
        found.removed = [path for path in sorted(old) if old[path][0] and not _has(new, path)]
        return found

    def without(self, paths: set[str]) -> "Changes":
        """The same for somebody who knows of these."""
        added, changed = (
            [path for path in list if path not in paths] for list in (self.added, self.changed)
        )
        return Changes(added, changed, self.removed, self.failed)

    def told(self, words: Texts, people: Mapping[str, str]) -> str:
        """The message about them, or nothing; `people` brought some of the documents."""
        by = {path: words.news_by.format(path=path, name=name) for path, name in people.items()}
        lists = (
            (words.news_added, [by.get(path, path) for path in self.added]),
            (words.news_changed, [by.get(path, path) for path in self.changed]),
            (words.news_removed, self.removed),
            (words.news_failed, [f"{path} ({why})" for path, why in self.failed.items()]),
        )
        lines = [
            line.format(count=len(names), names=_few(names, words))
            for line, names in lists
            if names
        ]
        return "\n".join([words.news, *lines]) if lines else ""


class News:
    """Looks at the index, and tells the administrators."""

    def __init__(
        self,
        context: Context,
        last: LastRun,
        admins: Callable[[], Sequence[int]],
    ) -> None:
        self._index = IndexFolder(context.settings.index)
        self._store, self._db = context.store, context.store.db
        self._sender, self._pace = context.sender, context.pace
        self._last = last
        self._admins = admins
        self._seen: float | None = None  # when the index was changed, at the look before
        self._known: float | None = None  # and when it was last compared
        self._told = -GATHER * context.pace

    async def run(self) -> None:
        while True:
            with suppress(StoreBusy):
                await self._look()
                await self._tell_all()
            await asyncio.sleep(self._pace * LOOK)

    async def _look(self) -> None:
        """Put what there is to be told into the store."""
        self._look_at_failures()
        self._look_at_the_model()
        try:
            changed = await asyncio.to_thread(self._changed)
            seen, self._seen = self._seen, changed
            gathered = time.monotonic() - self._told >= self._pace * GATHER
            if changed is None or changed != seen or changed == self._known or not gathered:
                return
            if is_held(self._index.lock_path):
                return
            held = await asyncio.to_thread(self._held)
        except UserError as error:  # there is none, or who changes it next says what is wrong
            log.debug("the index cannot be looked at: %s", error.message)
            return
        self._compare(held)
        self._known = changed

    def _changed(self) -> float | None:
        with closing(self._index.open()) as store:
            return store.updated_at()

    def _held(self) -> Held:
        with closing(self._index.open()) as store:
            known = {path: document.sha256 for path, document in store.documents().items()}
            reasons = {path: problem[1] for path, problem in store.problems().items()}
        paths = {**known, **reasons}
        return {path: (known.get(path, ""), reasons.get(path, "")) for path in paths}

    def _compare(self, held: Held) -> None:
        """Keep what the index holds now, and what is to be told of it; the first time nothing."""
        rows = self._db.execute("SELECT path, sha256, problem FROM document").fetchall()
        old = {path: (sha256, problem) for path, sha256, problem in rows}
        new = [(path, *what) for path, what in held.items() if old.get(path) != what]
        gone = [(path,) for path in old if path not in held]
        with self._store.transaction():
            if self._store.meta("news"):
                self._announce(Changes.between(old, held))
            self._store.set_meta("news", "begun")
            self._db.executemany("DELETE FROM document WHERE path = ?", gone)
            self._db.executemany("INSERT OR REPLACE INTO document VALUES (?, ?, ?)", new)

    def _announce(self, changes: Changes) -> None:
        sql = "SELECT path, user, name FROM brought WHERE path != ''"
        brought = self._db.execute(sql).fetchall()
        people = {path: name for path, _, name in brought}
        for admin in self._admins():
            own = {path for path, user, _ in brought if user == admin}
            self._add(admin, changes.without(own).told(self._words(admin), people))
        self._db.execute("DELETE FROM brought WHERE path != ''")

    def _look_at_failures(self) -> None:
        """What keeps the index from being updated is told once, until it is another reason."""
        error = self._last.read().error
        if error == self._store.meta("news_error"):
            return
        with self._store.transaction():
            self._store.set_meta("news_error", error)
            for admin in self._admins() if error else ():
                said = self._words(admin).news_broken.format(reason=_short(error, LONGEST_REASON))
                self._add(admin, said)

    def _look_at_the_model(self) -> None:
        """That people get quotations instead of the model's answers is told when it begins, and
        when it ends."""
        kind = self._store.meta(TROUBLE)
        told = self._store.meta("model_told")
        if bool(kind) == bool(told):
            return
        with self._store.transaction():
            self._store.set_meta("model_told", kind)
            for admin in self._admins():
                words = self._words(admin)
                telling = words.news_model.format(cause=words.cause_of(kind))
                said = telling if kind else words.news_model_back
                self._add(admin, said)

    def _add(self, admin: int, text: str) -> None:
        if text:
            self._db.execute("INSERT INTO news (admin, text) VALUES (?, ?)", (admin, text))

    def _words(self, admin: int) -> Texts:
        """In the language in which the administrator last wrote; before that in Russian."""
        return texts_for(self._store.meta(f"language {admin}") or "ru")

    async def _tell_all(self) -> None:
        rows = self._db.execute("SELECT id, admin, text FROM news ORDER BY id").fetchall()
        for number, admin, text in rows:
            telling = asyncio.ensure_future(self._tell(number, admin, text))
            try:
                await asyncio.shield(telling)
            except asyncio.CancelledError:  # the bot is stopping: so that it is not told twice
                await asyncio.wait({telling}, timeout=self._pace * ENDING)
                telling.cancel()
                raise
            self._told = time.monotonic()

    async def _tell(self, number: int, admin: int, text: str) -> None:
        try:
            await self._sender.send(admin, text)
        except (Banned, Unreachable):
            return
        except SendingError as error:
            log.info("administrator %d could not be told the news: %s", admin, type(error).__name__)
        self._db.execute("DELETE FROM news WHERE id = ?", (number,))


def _has(held: Held, path: str) -> bool:
    return bool(held.get(path, ("", ""))[0])


def _few(names: Sequence[str], words: Texts) -> str:
    shown = [_short(name, LONGEST_NAME) for name in names[:NAMED]]
    more = len(names) - len(shown)
    return ", ".join([*shown, words.news_more.format(count=more)] if more else shown)


def _short(text: str, most: int) -> str:
    text = printable(text)
    return text if len(text) <= most else text[: most - 1] + "…"
