"""The files of an upload: what it is called, how it comes from Telegram, how it gets into place.

No path holds a name that somebody sent. In the documents folder everything happens through open
folders, so that a link put in the place of telegram/ leads nowhere; the indexer passes over names
that begin with a dot.
"""

import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx
from telegram import Message
from telegram.error import NetworkError

from bot.texts import Texts
from core.files import private_folder
from core.text import printable
from indexer.readers import READERS
from indexer.readers.letters.clean import clean

FOLDER = "telegram"
MOST = 20_000_000  # bytes; https://core.telegram.org/bots/api#getfile
LONGEST = 60  # characters of a name
LONGEST_NAME = 255  # of the name as it was sent
LONGEST_BYTES = 180  # the rest of the 255 is for the id and the suffix
PART = ".part"
BLOCK = 1 << 20
_UNIQUE = re.compile(r"[A-Za-z0-9_-]{1,48}")


class TooBig(Exception):
    """More bytes than a bot may have."""


def path_for(sent_name: str, unique: str) -> str | None:
    """Where a file goes, relative to the documents folder; None where there is no reader for it.

    Raises ValueError for an id that is not one of Telegram's.
    """
    if not _UNIQUE.fullmatch(unique):
        raise ValueError("not an id of a file")
    stem, dot, suffix = _last_part(sent_name).rpartition(".")
    kind = (dot + suffix).lower()
    return f"{FOLDER}/{_slug(stem)}-{unique}{kind}" if kind in READERS else None


@dataclass(frozen=True)
class SentFile:
    """A file or a photo of a message: Telegram's names for it, and what the person called it."""

    id: str
    unique: str
    size: int
    name: str
    is_named: bool  # by the person: a newer one of the name may replace it

    @classmethod
    def of(cls, message: Message, words: Texts) -> "SentFile":
        """A photo is called by its day and caption; of its sizes the largest is meant."""
        if document := message.document:
            ids = document.file_id, document.file_unique_id
            return cls(*ids, document.file_size or 0, document.file_name or "", is_named=True)
        photo = max(message.photo, key=lambda size: size.width * size.height)
        caption = re.sub(r"[/\\]", " ", message.caption or "") or words.photo
        name = f"{message.date.astimezone().date()} {caption}.jpg"
        return cls(photo.file_id, photo.file_unique_id, photo.file_size or 0, name, is_named=False)


def shown_name(sent_name: str) -> str:
    """What the person sees as the name of the file that they sent."""
    return printable(clean(_last_part(sent_name)))[:LONGEST_NAME]


def _last_part(sent_name: str) -> str:
    return re.split(r"[/\\]", sent_name)[-1]


def _slug(text: str) -> str:
    """Letters and digits of any script, with hyphens for everything between them."""
    kept = (char if _is_plain(char) else " " for char in clean(text))
    slug = "-".join("".join(kept).split())[:LONGEST]
    return slug.encode()[:LONGEST_BYTES].decode(errors="ignore").strip("-") or "document"


def _is_plain(char: str) -> bool:
    category = unicodedata.category(char)
    return category.startswith("L") or category == "Nd"


async def download(client: httpx.AsyncClient, url: str, target: Path) -> str:
    """Write what is at the address into a new file, and to the disk; its SHA-256.

    Raises TooBig, OSError, or NetworkError, whose text does not hold the address.
    """
    try:
        async with client.stream("GET", url) as reply:
            if reply.status_code != httpx.codes.OK:
                raise NetworkError(f"status {reply.status_code}")
            with _Draft(target) as draft:
                async for block in reply.aiter_bytes():
                    draft.add(block)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NetworkError(type(error).__name__) from None
    return draft.sha256


def copy(source: Path, target: Path) -> str:
    """The same for a file that a Bot API server of this machine has put there."""
    with source.open("rb") as old, _Draft(target) as draft:
        while block := old.read(BLOCK):
            draft.add(block)
    return draft.sha256


class _Draft:
    """A new file that is written a block at a time, to the disk, and no longer than it may be."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._sha, self._size = hashlib.sha256(), 0

    def __enter__(self) -> "_Draft":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._file:
            if kind is None:
                _to_disk(self._file)

    @property
    def sha256(self) -> str:
        return self._sha.hexdigest()

    def add(self, block: bytes) -> None:
        """Write the next block; raise TooBig."""
        self._size += len(block)
        if self._size > MOST:
            raise TooBig
        self._sha.update(block)
        self._file.write(block)


def place(source: Path, documents: Path, path: str) -> None:
    """Copy the file to its path, whole or not at all; one that is there stays. Raises OSError."""
    name = path.removeprefix(f"{FOLDER}/")
    with suppress(FileExistsError):
        (documents / FOLDER).mkdir()
    with _folder(documents) as folder:
        if _exists(name, folder):
            return
        _remove(PART, folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with source.open("rb") as old, open(_at(PART, folder, flags), "wb") as new:
            shutil.copyfileobj(old, new)
            _to_disk(new)
        os.replace(PART, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)


def twin_of(source: Path, sha256: str, documents: Path) -> str:
    """The path of an upload that is there with the same content, or nothing."""
    size, same = source.stat().st_size, []
    with suppress(OSError), _folder(documents) as folder:
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 - an open one
            if not name.startswith(".") and _size(name, folder) == size:
                same.append(f"{FOLDER}/{name}")
    return next((path for path in same if content_of(documents, path) == sha256), "")


def content_of(documents: Path, path: str) -> str:
    """The SHA-256 of the file at its path; nothing where there is no such file."""
    try:
        with _folder(documents) as folder:
            name, sha = path.removeprefix(f"{FOLDER}/"), hashlib.sha256()
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            with open(_at(name, folder, flags), "rb") as file:
                for block in iter(lambda: file.read(BLOCK), b""):
                    sha.update(block)
    except OSError:
        return ""
    return sha.hexdigest()


def take_away(documents: Path, path: str) -> None:
    """Delete the file at its path, for good. Raises OSError."""
    with _folder(documents) as folder:
        _remove(path.removeprefix(f"{FOLDER}/"), folder)
        os.fsync(folder)


def clean_up(temporary: Path, documents: Path) -> None:
    """Delete what was left half done."""
    private_folder(temporary)
    for left in temporary.iterdir():
        if not left.is_dir() or left.is_symlink():
            left.unlink()
    with suppress(OSError), _folder(documents) as folder:
        _remove(PART, folder)


@contextmanager
def _folder(documents: Path) -> Iterator[int]:
    """The folder for uploads, open; OSError where it is a link, or not there."""
    folder = os.open(documents / FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield folder
    finally:
        os.close(folder)


def _at(name: str, folder: int, flags: int) -> int:
    return os.open(name, flags, mode=0o644, dir_fd=folder)


def _exists(name: str, folder: int) -> bool:
    return _size(name, folder) is not None


def _size(name: str, folder: int) -> int | None:
    """In bytes, of the thing itself if it is a link; None where there is nothing."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_size
    except FileNotFoundError:
        return None


def _remove(name: str, folder: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
