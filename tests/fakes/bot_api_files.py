"""The files of the fake Bot API: those that people send, and those that the bot sends."""

from itertools import count
from typing import Any

from tests.fakes.bot_api_play import Refusal

LARGEST_DOWNLOAD = 20_000_000


class Files:
    """Contents by file_id; a bot gets files of up to 20 MB."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self._numbers = count(1)

    def add(self, name: str, content: bytes, mime: str) -> dict[str, Any]:
        """Keep a file and describe it, as the `document` of a message."""
        number = next(self._numbers)
        self.contents[f"file{number}"] = content
        return {
            "file_id": f"file{number}",
            "file_unique_id": f"unique{number}",
            "file_name": name,
            "mime_type": mime,
            "file_size": len(content),
        }

    def describe(self, file_id: str) -> dict[str, Any]:
        """getFile. Raises Refusal for an unknown file, or one that is too big."""
        content = self.contents.get(file_id)
        if content is None:
            raise Refusal("no_file")
        if len(content) > LARGEST_DOWNLOAD:
            raise Refusal("file_too_big")
        return {
            "file_id": file_id,
            "file_unique_id": file_id.replace("file", "unique"),
            "file_size": len(content),
            "file_path": f"documents/{file_id}",
        }
