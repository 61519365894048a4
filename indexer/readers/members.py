"""Files in a file: members of an archive, attachments of a mail, each read by its own reader."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO

from core.text import counted
from indexer.readers import READERS, read, waiting
from indexer.readers.letters.clean import clean
from indexer.readers.page import Missing, Page, Unreadable, is_damage, why
from indexer.readers.sections import SEPARATOR

DEPTH = 3  # an archive in an archive in an archive
MOST = 10_000  # files, in all depths
MEMBER_MB, WHOLE_MB = 1000, 2000  # unpacked
RATIO, FREE_MB = 200, 64  # unpacked to packed, of what is larger than that
REASONS_TOLD, NAME_LENGTH = 3, 100
SHORT = 60  # characters that a file system takes in any script

_COPIED = 1 << 18
_NOT_IN_NAMES = re.compile(r"[^\w.() -]")
_OF_SYSTEMS = frozenset(("__macosx", "thumbs.db", "desktop.ini"))

Opener = Callable[[], IO[bytes]]


@dataclass
class _Left:
    """What may still be unpacked out of one document, in all depths."""

    bytes: int
    files: int = MOST


@dataclass
class Members:
    """The files in one file, and what is to be told of those that were not read."""

    folder: Path  # for files of a moment
    depth: int
    _left: _Left
    _seen: int = 0
    _found: bool = False
    _waiting: list[str] = field(default_factory=list)  # names of those that lack a program
    _commands: dict[str, None] = field(default_factory=dict)  # what is to be typed to have them
    _reasons: dict[str, list[str]] = field(default_factory=dict)  # reason: names
    _gaps: list[str] = field(default_factory=list)  # of files that were read in part
    _rest: str = ""  # why the files behind these were not read

    @property
    def is_full(self) -> bool:
        """Whether no more of them is read."""
        return bool(self._rest)

    def read(self, name: str, opened: Opener, *, above: str = "") -> Iterator[Page]:
        """The pages of one, under its name and what stands above that; a failure is kept."""
        name = shown(name)
        if self._rest or _is_of_a_system(name):
            return
        self._seen += 1
        try:
            for page in self._pages(name, opened):
                if page.left_out:
                    self._in_part(name, page.left_out)
                    continue
                self._found = True
                heading = SEPARATOR.join(filter(None, (above, name, page.heading)))
                yield replace(page, heading=heading)
        except Missing as error:
            self._wait(name, str(error))
        except Unreadable as error:
            self._note(name, str(error))

    def leave(self, name: str, reason: str) -> None:
        """Do not read one, for this reason."""
        self._seen += 1
        self._note(shown(name), reason)

    def _note(self, name: str, reason: str) -> None:
        self._reasons.setdefault(reason, []).append(name)

    def _in_part(self, name: str, left_out: str) -> None:
        if waiting.is_all(left_out):
            self._wait(name, left_out)
        else:
            self._gaps.append(f"{name}: {left_out}")

    def _wait(self, name: str, reason: str) -> None:
        self._waiting.append(name)
        self._commands |= dict.fromkeys(waiting.commands(reason))

    def stop(self, reason: str) -> None:
        """Note that none of those behind is read."""
        self._rest = self._rest or f"the rest was not read ({reason})"

    def told(self) -> Iterator[Page]:
        """A page that says what was not read, if anything was; to come last."""
        told = "; ".join(filter(None, (self._not_read(), *self._besides())))
        if self._waiting and not self._found:
            raise Missing(told)
        if told:
            yield Page("", left_out=told)

    def _besides(self) -> Iterator[str]:
        if self._waiting:
            yield waiting.members(self._waiting, self._seen, self._commands)
        yield from self._gaps[:REASONS_TOLD]
        yield self._rest

    def _not_read(self) -> str:
        left = sum(map(len, self._reasons.values()))
        kinds = sorted(self._reasons.items(), key=lambda kind: -len(kind[1]))
        told = [
            f"{names[0]}{f' and {len(names) - 1} more' if names[1:] else ''} ({reason})"
            for reason, names in kinds[:REASONS_TOLD]
        ]
        more = ", …" if len(kinds) > REASONS_TOLD else ""
        said = f"not read: {left} of {counted(self._seen, 'file')} in it"
        return f"{said}: {', '.join(told)}{more}" if left else ""

    def _pages(self, name: str, opened: Opener) -> Iterator[Page]:
        suffix = PurePosixPath(name).suffix
        if suffix.lower() not in READERS:
            raise Unreadable(f"no reader for {suffix or 'files without a suffix'}")
        path = self.folder / _NOT_IN_NAMES.sub("_", PurePosixPath(name).name)[-SHORT:]
        try:
            self._unpack(opened, path)
            yield from read(path)
        finally:
            path.unlink(missing_ok=True)

    def _unpack(self, opened: Opener, path: Path) -> None:
        self._left.files -= 1
        if self._left.files < 0:
            self.stop(f"more than {MOST} files")
            raise Unreadable("too many files")
        size = 0
        try:
            with path.open("wb") as target, opened() as source:
                while block := source.read(_COPIED):
                    size += len(block)
                    self._count(size, len(block))
                    target.write(block)
        except Unreadable:
            raise
        except Exception as error:  # zipfile, zlib, lzma, tarfile: each its own
            if not is_damage(error):
                raise
            raise Unreadable(f"damaged: {why(error)}") from error

    def _count(self, size: int, more: int) -> None:
        if size > MEMBER_MB * 1_000_000:
            raise Unreadable(f"too large: more than {MEMBER_MB} MB unpacked")
        self._left.bytes -= more
        if self._left.bytes < 0:
            self.stop("too large unpacked")
            raise Unreadable(f"too large unpacked: {WHOLE_MB} MB in all, or {RATIO} times its size")


_OPEN: dict[Path, Members] = {}  # by the folder in which their files are for a moment


@contextmanager
def inside(path: Path) -> Iterator[Members]:
    """The members of a file, which may be a member itself: limits hold for all depths together."""
    outer = _OPEN.get(path.parent)
    depth = outer.depth + 1 if outer else 1
    if depth > DEPTH:
        raise Unreadable(f"deeper than {DEPTH} archives or mails in each other")
    most = max(FREE_MB * 1_000_000, RATIO * path.stat().st_size)
    left = outer._left if outer else _Left(min(most, WHOLE_MB * 1_000_000))
    with tempfile.TemporaryDirectory(prefix="opsctl-members-") as made:
        folder = Path(made)
        _OPEN[folder] = Members(folder, depth, left)
        try:
            yield _OPEN[folder]
        finally:
            del _OPEN[folder]


def shown(name: str) -> str:
    """The name of a file in an archive, as a heading can hold it."""
    name = " ".join(clean(name).split()).replace("\\", "/").replace(SEPARATOR, " ")
    name = "".join(filter(str.isprintable, name)).removeprefix("./").lstrip("/")
    while len(name) > NAME_LENGTH and "/" in name:
        name = name.partition("/")[2]
    place = PurePosixPath(name)
    most = NAME_LENGTH - len(place.suffix)
    return name if len(name) <= NAME_LENGTH else f"{place.stem[:most]}{place.suffix[:NAME_LENGTH]}"


def _is_of_a_system(name: str) -> bool:
    """Whether a file is hidden, or was put there by macOS, Windows or Office."""
    parts = [part for part in PurePosixPath(name.lower()).parts if part != ".."]
    return any(part in _OF_SYSTEMS or part.startswith((".", "~$")) for part in parts)
