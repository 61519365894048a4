"""The documents folder: which files are there, which are passed over and why."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import UserError
from core.files import rights
from core.text import printable
from indexer.readers import READERS
from indexer.store.records import SourceFile
from indexer.sync.ignore import read_ignored

# The README that this project puts into its documents folder; anybody else's is a document.
OWN_README = "README.md"
PUT_FILES = "put pdf, docx, xlsx, pptx, odt, rtf, csv, html, md or txt files there"
# Files that package managers write for themselves.
LOCK_FILES = frozenset((
    "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "conda-lock.yml",
    "packages.lock.json",
))  # fmt: skip
NO_READER = "no reader for "  # how the reason begins, before a suffix
NO_PERMISSION = "no permission to read it"
OWN_TITLE = b"# Your documents go here"


@dataclass(frozen=True)
class Problem:
    """A file that gave no text, and the reason in one sentence."""

    path: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """What a walk over the documents folder found; `closed` are the folders it could not enter."""

    files: list[SourceFile] = field(default_factory=list)
    skipped: list[Problem] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


def list_documents(root: Path) -> Listing:
    """Walk the folder; raise UserError when it is missing or cannot be read."""
    hint = f"put documents into {root}, or name another folder: OPSCTL_DOCUMENTS=DIR"
    if not root.exists():
        raise UserError(f"the documents folder {root} does not exist", hint)
    if not root.is_dir():
        raise UserError(f"{root} is not a folder", hint)
    if not os.access(root, os.R_OK | os.X_OK):
        raise UserError(f"no permission to read the folder {root}", f"chmod u+rx {root}")
    listing = Listing()
    for path in _walk(root, listing):
        _add(root, path, listing)
    listing.files.sort(key=lambda file: file.path)
    listing.skipped.sort(key=lambda problem: problem.path)
    return listing


def digest(path: Path) -> str:
    """SHA-256 of the file's content, in hexadecimal, read a megabyte at a time."""
    sha = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()


def _walk(root: Path, listing: Listing) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        folder = _relative(root, Path(error.filename))
        listing.closed.append(folder)
        listing.skipped.append(Problem(folder, f"{NO_PERMISSION} ({rights(root / folder)})"))

    ignored = read_ignored(root)
    for folder, folders, names in os.walk(root, onerror=unreadable):
        if not os.access(folder, os.X_OK):  # its names can be listed, and nothing in it read
            folders.clear()
            unreadable(PermissionError(errno.EACCES, "no permission", folder))
            continue
        here = Path(folder)
        kept = [name for name in folders if not ignored(f"{_relative(root, here / name)}/")]
        linked = [name for name in kept if (here / name).is_symlink()]
        folders[:] = [name for name in kept if name not in linked and name[0] != "."]
        for name in (*names, *linked):
            if not name.startswith((".", "~$")) and not ignored(_relative(root, here / name)):
                yield here / name


def _add(root: Path, path: Path, listing: Listing) -> None:
    name = _relative(root, path)
    try:
        if name == OWN_README and _is_ours(path):
            return
        info = path.lstat()
        reason = _link_objection(root, path) or _objection(path, info.st_mode)
    except OSError:
        reason = "it went away while the folder was listed, or cannot be looked at"
    if reason:
        listing.skipped.append(Problem(name, reason))
    else:
        listing.files.append(SourceFile(name, info.st_size, info.st_mtime_ns))


def _is_ours(readme: Path) -> bool:
    with readme.open("rb") as stream:
        return stream.readline().rstrip() == OWN_TITLE


def _objection(path: Path, mode: int) -> str:
    """Say why this file cannot be a document, or nothing when it can."""
    if not stat.S_ISREG(mode):
        return "not a regular file"
    if not _is_utf8(path):
        return "its name is not valid UTF-8: rename it"
    if path.suffix.lower() not in READERS:
        return f"{NO_READER}{printable(path.suffix) or 'files without a suffix'}"
    if path.name in LOCK_FILES:
        return "a lock file: a package manager wrote it for itself"
    return ""


def _link_objection(root: Path, path: Path) -> str:
    """Say why a link is not followed, or nothing when the path is no link."""
    if not path.is_symlink():
        return ""
    try:
        target = path.resolve(strict=True)
    except FileNotFoundError:
        return "a link to nothing"
    except (OSError, RuntimeError):  # a loop: OSError since Python 3.13, RuntimeError before
        return "a link that leads back to itself"
    if not target.is_relative_to(root.resolve()):
        return "a link that leaves the documents folder: copy the file here instead"
    return "a link to a place in the documents folder, which is read there"


def _relative(root: Path, path: Path) -> str:
    name = path.relative_to(root).as_posix()
    return name if _is_utf8(path) else os.fsencode(name).decode("utf-8", "backslashreplace")


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
