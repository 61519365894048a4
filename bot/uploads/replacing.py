"""A newer document of the same name: whoever sent it says whether it replaces the older one.

Both lie in the documents until then, and for good without an answer. The older one is deleted only
after the answer is in the store, and only as it was when that was asked.
"""

import asyncio
import time
from pathlib import Path

from bot.store.store import is_key
from bot.telegram.sending import Buttons
from bot.texts import Texts, texts_for
from bot.uploads.files import content_of, take_away
from bot.uploads.rows import Upload, UploadRows

DATA = "upload:"  # how the data of our buttons begins
LONGEST_NAME = 90


class Replacing:
    """Asks, and does what was answered. A question is open for `keep` seconds."""

    def __init__(self, rows: UploadRows, documents: Path, keep: float) -> None:
        self._rows = rows
        self._documents = documents
        self._keep = keep

    async def find(self, upload: Upload) -> str:
        """The path of the last one that was sent under this name and is there, or nothing."""
        for sent in self._rows.namesakes(upload.path):
            if await asyncio.to_thread(content_of, self._documents, sent.path) == sent.sha256:
                return sent.path
        return ""

    def shown(self, upload: Upload) -> tuple[str, Buttons]:
        """What is told of the upload, with the question if there is one."""
        older = self._rows.sent(upload.older)
        if older is None:
            return upload.said, []
        words = texts_for(upload.language)
        when = time.strftime(words.moment, time.localtime(older.at))
        question = words.upload_replace.format(name=upload.name[:LONGEST_NAME], when=when)
        buttons = [
            (words.button_replace, f"{DATA}replace:{upload.id}"),
            (words.button_keep_both, f"{DATA}both:{upload.id}"),
        ]
        return f"{upload.said}\n\n{question}", [buttons]

    def asked(self, upload: Upload) -> None:
        """The question is in the chat."""
        self._rows.asked(upload.id, time.time() + self._keep)

    def decide(self, data: str, user: int, words: Texts) -> str:
        """Somebody pressed a button; what it says then."""
        action, _, number = data.removeprefix(DATA).partition(":")
        upload = self._rows.undecided(int(number)) if is_key(number) else None
        if upload is None:
            return words.door_done
        if upload.chat != user:
            return words.upload_not_yours
        if action == "replace":
            self._rows.replace(upload)
        else:
            self.keep_both(upload)
        return ""

    def keep_both(self, upload: Upload) -> None:
        """Nothing is replaced."""
        said = texts_for(upload.language).upload_both.format(name=upload.older)
        self._rows.finish(upload.id, f"{upload.said}\n\n{said}")

    async def take_away(self, upload: Upload) -> str:
        """Delete the older one, if nothing speaks against it; why it stays, or nothing.

        One that is not there any more was deleted before, perhaps by us before a crash.
        """
        words, older = texts_for(upload.language), self._rows.sent(upload.older)
        content = await asyncio.to_thread(content_of, self._documents, upload.older)
        if not content:
            return ""
        if older is None or content != older.sha256:
            return words.upload_older_changed
        if not await asyncio.to_thread(content_of, self._documents, upload.path):
            return words.upload_newer_gone
        try:
            await asyncio.to_thread(take_away, self._documents, upload.older)
        except OSError as error:
            return error.strerror or type(error).__name__
        return ""

    def outcome(self, upload: Upload, stays: str, broken: str) -> str:
        """What is told in the end: why the older one stays, or what is wrong with the index."""
        words = texts_for(upload.language)
        said = words.upload_replaced_in_part if broken else words.upload_replaced
        said = words.upload_not_replaced if stays else said
        return f"{upload.said}\n\n{said.format(name=upload.older, reason=stays)}"
