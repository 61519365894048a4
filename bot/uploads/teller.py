"""The one message that tells how an upload goes, and in the end what came of it."""

import logging

from bot.texts import texts_for
from bot.transport.sending import Sender, SendingError, Unreachable
from bot.uploads.rows import Upload, UploadRows

log = logging.getLogger(__name__)


class Teller:
    """Sends the message of each upload, and edits it."""

    def __init__(self, rows: UploadRows, sender: Sender) -> None:
        self._rows = rows
        self._sender = sender
        self._doubtful: set[int] = set()  # a reply to an edit was lost: it may arrive late

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
            self._doubtful.add(upload.id)
        except SendingError as error:
            log.debug("upload %d: %s", upload.id, type(error).__name__)

    async def tell(self, upload: Upload) -> None:
        """Tell what came of it; nothing is left to be done then. Raises SendingError."""
        upload = await self.greet(upload)
        assert upload.message
        await self._sender.edit(upload.chat, upload.message, upload.said)
        if upload.id in self._doubtful:
            await self._sender.settle()
            await self._sender.edit(upload.chat, upload.message, upload.said)
            self._doubtful.discard(upload.id)
        self._rows.remove(upload.id)
