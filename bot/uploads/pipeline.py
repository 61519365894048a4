"""Files that administrators send: fetched, checked, put into the documents, indexed, told of.

Each step begins from the row in the store and may be done twice. A file gets into the documents
whole, under a name that follows from its row, and only after what it holds is in the row: after a
crash in between, it is found there and not fetched again.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from telegram import Message
from telegram.error import BadRequest, RetryAfter, TelegramError
from telegram.ext import ExtBot

from assistant.retrieve import programs
from bot.base.context import Context
from bot.index.indexing import Indexing
from bot.store.store import DAY, KEEP_REQUESTS, StoreBusy
from bot.telegram import retry
from bot.telegram.errors import Banned, ChatGone, MessageGone, SendingError, Unreachable
from bot.telegram.limits import ban_seconds
from bot.telegram.line import Line
from bot.texts import Texts, texts_for
from bot.uploads.check import Rejected, check
from bot.uploads.files import (
    MOST,
    SentFile,
    TooBig,
    clean_up,
    content_of,
    copy,
    download,
    path_for,
    place,
    shown_name,
    twin_of,
)
from bot.uploads.replacing import Replacing
from bot.uploads.rows import Upload, UploadRows
from bot.uploads.status import UploadStatus
from bot.waiting import set_within
from core.errors import Busy, UserError

TRIES = 8
LONGEST_PAUSE = 60.0
BUSY_PAUSE = 2.0  # seconds until the index is asked for again that another program writes
DOWNLOAD = 300.0  # seconds for one file
READ = 20.0  # seconds without a byte of it
log = logging.getLogger(__name__)


class Uploads:
    """One file is fetched at a time; the index is updated once for all that came meanwhile."""

    def __init__(
        self,
        context: Context,
        bot: ExtBot[Any],
        indexing: Indexing,
        line: Line,
    ) -> None:
        settings = context.settings
        self._documents = settings.documents.absolute()
        self._temporary = settings.state.absolute() / "uploads"
        self._programs = programs(settings)
        self._rows = UploadRows(context.store)
        self._bot = bot
        keep = min(KEEP_REQUESTS, settings.keep_days * DAY)
        self._replacing = Replacing(self._rows, self._documents, keep)
        self._status = UploadStatus(self._rows, context.sender, self._replacing)
        self._indexing = indexing
        self._pace = context.pace
        self._client = httpx.AsyncClient(timeout=READ, transport=line.transport(1))
        # One each: what one of them has seen, the others have not.
        self._changed = {
            state: asyncio.Event() for state in ("new", "placed", "final", "asked", "replacing")
        }

    def add(self, number: int, message: Message) -> None:
        """Keep the file of a message, or what is said against it; `wake` begins with it."""
        assert message.from_user
        words = texts_for(message.from_user.language_code)
        file = SentFile.of(message, words)
        path, said = None, ""
        if file.size > MOST:
            said = _too_big(words)
        else:
            with suppress(ValueError):
                path = path_for(file.name, file.unique)
            said = "" if path else words.upload_kind
        self._rows.brought_by(number, message.from_user.id, message.from_user.full_name)
        self._rows.add(
            Upload(
                number,
                message.chat.id,
                message.message_id,
                words.language,
                file.id,
                path or "",
                said=said,
                name=shown_name(file.name) if file.is_named else "",
            )
        )

    def decide(self, data: str, user: int, words: Texts) -> str:
        """A button of ours was pressed: what it says then; `wake` begins with what follows."""
        return self._replacing.decide(data, user, words)

    def wake(self) -> None:
        for event in self._changed.values():
            event.set()

    async def run(self) -> None:
        """Work, for ever; what is left half done goes on after the next start."""
        clean_up(self._temporary, self._documents)
        async with self._client:
            await asyncio.gather(
                self._every("new", self._take_all),
                self._every("placed", self._index_all),
                self._every("final", self._tell_all),
                self._every("asked", self._expire_all),
                self._every("replacing", self._replace_all),
            )

    async def _every(self, state: str, work: Callable[[list[Upload]], Awaitable[None]]) -> None:
        while True:
            self._changed[state].clear()
            now = time.time()
            found = [self._rows.get(number) for number in self._rows.ready(state, now)]
            if uploads := [upload for upload in found if upload]:
                try:
                    await work(uploads)
                except StoreBusy:
                    await asyncio.sleep(self._pace * BUSY_PAUSE)
                continue
            due = self._rows.next_due(now)
            sleep = LONGEST_PAUSE if due is None else min(LONGEST_PAUSE, due - time.time())
            await set_within(self._changed[state], max(0.05, sleep))

    async def _take_all(self, uploads: list[Upload]) -> None:
        for upload in uploads:
            await self._safely(upload, self._take)

    async def _tell_all(self, uploads: list[Upload]) -> None:
        for upload in uploads:
            await self._safely(upload, self._status.tell)

    async def _take(self, upload: Upload) -> None:
        """From a message to a file in the documents, or to the reason why not."""
        words = texts_for(upload.language)
        upload = await self._status.greet(upload)
        if upload.sha256 and content_of(self._documents, upload.path) == upload.sha256:
            self._rows.placed(upload.id, upload.path)  # put there before a crash
            return self.wake()
        temporary = self._temporary / f"{upload.id}{Path(upload.path).suffix}"
        try:
            said = await self._fetch(upload, temporary, words)
        except TooBig:
            said = _too_big(words)
        except Rejected as error:
            reason = getattr(words, f"upload_{error.why}")
            said = reason.format(kind=temporary.suffix.removeprefix("."), how=error.how)
        except OSError as error:
            said = words.upload_not_saved.format(reason=error.strerror or type(error).__name__)
        finally:
            temporary.unlink(missing_ok=True)
        self._say(upload.id, said)

    async def _fetch(self, upload: Upload, temporary: Path, words: Texts) -> str:
        """Fetch, check and place; what is to be said against it, or nothing."""
        try:
            async with asyncio.timeout(DOWNLOAD):
                sha256 = await self._download(upload.file, temporary)
        except BadRequest as error:
            log.info("upload %d: %s", upload.id, error.message)
            return _too_big(words) if "too big" in error.message else words.upload_lost
        except TimeoutError:  # an OSError in name
            raise Unreachable("the download takes too long") from None
        if name := self._rows.placed_as(sha256) or await self._indexing.name_of(sha256):
            return words.upload_known.format(name=name)
        await self._status.show(upload, words.upload_reading)
        pages = await check(temporary, self._programs)
        self._rows.checked(upload.id, sha256, pages)
        # One that is there, but not in the index: the last update of that failed.
        path = await asyncio.to_thread(twin_of, temporary, sha256, self._documents) or upload.path
        await asyncio.to_thread(place, temporary, self._documents, path)
        if content_of(self._documents, path) != sha256:  # there was another one before
            return words.upload_known.format(name=path)
        self._rows.placed(upload.id, path)
        return ""

    async def _download(self, file: str, target: Path) -> str:
        async def attempt() -> str:
            path = (await self._bot.get_file(file)).file_path or ""
            if Path(path).is_absolute():  # a Bot API server with --local
                return await asyncio.to_thread(copy, Path(path), target)
            return await download(self._client, path, target)

        return await retry.again(attempt, self._pace * retry.PAUSE)

    async def _index_all(self, uploads: list[Upload]) -> None:
        for upload in uploads:
            await self._status.show(upload, texts_for(upload.language).upload_adding)
        reason = await self._update_index(uploads)
        if reason is None:
            return
        for upload in uploads:
            said, indexed = await self._result(upload, reason)
            older = await self._replacing.find(upload) if indexed else ""
            self._say(upload.id, said, older)

    async def _update_index(self, uploads: list[Upload]) -> str | None:
        """Why it did not work, or nothing; None where the uploads were put off."""
        try:
            await self._indexing.update()
        except Busy:
            numbers = [upload.id for upload in uploads]
            self._rows.postpone(numbers, self._pace * BUSY_PAUSE, failed=False)
            return None
        except UserError as error:
            return error.message
        return ""

    async def _result(self, upload: Upload, reason: str) -> tuple[str, bool]:
        """What is told of an upload that was to be indexed, and whether it is."""
        words = texts_for(upload.language)
        try:
            passages, is_whole = await self._indexing.passages(upload.path)
        except UserError as error:
            log.warning("upload %d is not in the index: %s", upload.id, reason or error.message)
            return words.upload_not_indexed.format(name=upload.path), False
        pages = words.upload_pages.format(pages=upload.pages) if upload.pages else ""
        added = words.upload_added if is_whole else words.upload_in_part
        said = added.format(name=upload.path, pages=pages, passages=passages)
        return said, True

    async def _expire_all(self, uploads: list[Upload]) -> None:
        for upload in uploads:
            self._replacing.keep_both(upload)
        self.wake()

    async def _replace_all(self, uploads: list[Upload]) -> None:
        stay = {upload.id: await self._replacing.take_away(upload) for upload in uploads}
        reason = await self._update_index(uploads)
        if reason is None:
            return
        for upload in uploads:
            self._say(upload.id, self._replacing.outcome(upload, stay[upload.id], reason))

    def _say(self, number: int, said: str, older: str = "") -> None:
        if said:
            self._rows.finish(number, said, older)
        self.wake()

    async def _safely(self, upload: Upload, step: Callable[[Upload], Awaitable[None]]) -> None:
        """Do the step, or put it off; after many tries it is given up."""
        pause = self._pace * min(LONGEST_PAUSE, 2.0**upload.failures)
        try:
            return await step(upload)
        except (Banned, RetryAfter) as error:
            pause = error.seconds if isinstance(error, Banned) else ban_seconds(error)
            return self._rows.postpone([upload.id], pause + self._pace, failed=False)
        except ChatGone:
            return self._rows.remove(upload.id)
        except MessageGone:
            self._rows.told_by(upload.id, None)
        except UserError:  # the store cannot be written: nothing can be promised any more
            raise
        except (SendingError, TelegramError) as error:
            log.warning("upload %d: %s", upload.id, type(error).__name__)
        except Exception:
            log.exception("upload %d", upload.id)
        self._rows.postpone([upload.id], pause)
        if upload.failures >= TRIES:
            self._give_up(upload)

    def _give_up(self, upload: Upload) -> None:
        if upload.said:
            self._rows.remove(upload.id)
        else:
            self._say(upload.id, texts_for(upload.language).upload_lost)


def _too_big(words: Texts) -> str:
    return words.upload_too_big.format(most=MOST // 10**6)
