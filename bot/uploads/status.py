"""The one message that tells how an upload goes, and in the end what came of it."""

import logging

from bot.telegram.errors import SendingError, Unreachable
from bot.telegram.sending import Buttons, Sender
from bot.texts import texts_for
from bot.uploads.replacing import Replacing
from bot.uploads.rows import Upload, UploadRows

log = logging.getLogger(__name__)


class UploadStatus:
    """Sends the message of each upload, and edits it."""

    def __init__(self, rows: UploadRows, sender: Sender, replacing: Replacing) -> None:
        self._rows = rows
        self._sender = sender
        self._replacing = replacing
        self._unconfirmed: set[int] = set()  # a reply to an edit was lost: it may arrive late

    async def greet(self, upload: Upload) -> Upload:
        """The upload with a message that tells of it. Raises SendingError."""
        if upload.message:
            return upload
        text = texts_for(upload.language).upload_receiving
        message = await self._sender.send(upload.chat, text, reply_to=upload.sent)
        self._rows.told_by(upload.id, message)
        return self._rows.get(upload.id) or upload

    async def show(self, upload: Upload, text: str) -> None:
        """Tell how far it is, if that can be done at once; failures do not matter."""
        try:
            if upload.message:
                await self._sender.edit(upload.chat, upload.message, text, preview=True)
        except Unreachable:
            self._unconfirmed.add(upload.id)
        except SendingError as error:
            log.debug("upload %d: %s", upload.id, type(error).__name__)

    async def tell(self, upload: Upload) -> None:
        """Tell what came of it; nothing is left to be done then but to wait for an answer.

        Raises SendingError.
        """
        upload = await self.greet(upload)
        text, buttons = self._replacing.shown(upload)
        await self._edit(upload, text, buttons)
        if upload.id in self._unconfirmed:
            await self._sender.settle()
            await self._edit(upload, text, buttons)
            self._unconfirmed.discard(upload.id)
        if buttons:
            self._replacing.asked(upload)
        else:
            self._rows.remove(upload.id)

    async def _edit(self, upload: Upload, text: str, buttons: Buttons) -> None:
        assert upload.message
        try:
            await self._sender.edit(upload.chat, upload.message, text, buttons=buttons)
        except Unreachable:
            self._unconfirmed.add(upload.id)
            raise
