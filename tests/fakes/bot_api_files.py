"""The files of the fake Bot API: those that people send, and those that the bot sends."""

from itertools import count
from typing import Any

from tests.fakes.bot_api_play import Refusal

LARGEST_DOWNLOAD = 20 << 20


class Files:
    """Contents by file_id; a bot gets files of up to 20 MiB."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.largest = LARGEST_DOWNLOAD
        self._unique: dict[str, str] = {}
        self._numbers = count(1)

    def add(self, name: str, content: bytes, mime: str, **other: Any) -> dict[str, Any]:
        """Keep a file and describe it, as the `document` of a message.

        `other` takes the place of what is said there; None leaves it out.
        """
        number = next(self._numbers)
        document = {
            "file_id": f"file{number}",
            "file_unique_id": f"unique{number}",
            "file_name": name,
            "mime_type": mime,
            "file_size": len(content),
            **other,
        }
        self.contents[f"file{number}"] = content
        self._unique[f"file{number}"] = document["file_unique_id"]
        return {key: value for key, value in document.items() if value is not None}

    def describe(self, file_id: str | None) -> dict[str, Any]:
        """getFile. Raises Refusal for an unknown file, or one that is too big."""
        if file_id not in self.contents:
            raise Refusal("no_file")
        content = self.contents[file_id]
        if len(content) > self.largest:
            raise Refusal("file_too_big")
        return {
            "file_id": file_id,
            "file_unique_id": self._unique[file_id],
            "file_size": len(content),
            "file_path": f"documents/{file_id}",
        }
