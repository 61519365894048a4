"""Files written whole or not at all, folders for their owner alone, what helps without access."""

import os
import pwd
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READABLE, SECRET = 0o666, 0o600  # by whom the umask lets, and by the owner alone
OWNER_ALONE = 0o700


@contextmanager
def whole_file(path: Path, mode: int = READABLE) -> Iterator[Path]:
    """Give an empty draft beside `path`, which takes its place at the end of the block.

    A kill leaves the old file or the new one; when the block fails, the draft is gone.
    """
    draft = path.with_name(path.name + ".part")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=mode)
    except OSError as error:  # named as a person knows it
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        yield draft
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    draft.replace(path)


def write_whole(path: Path, text: str) -> None:
    """Write a text, in UTF-8."""
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are not there; one that is stays as it is."""
    if not folder.parent.is_dir():
        private_folder(folder.parent)
    folder.mkdir(OWNER_ALONE, exist_ok=True)


def rights(path: Path) -> str:
    """Who owns a file, and what its mode lets others do: "root owns it, -rw-------"."""
    try:
        info = path.stat()
    except OSError as error:
        return error.strerror or str(error)
    return f"{_name(info.st_uid)} owns it, {stat.filemode(info.st_mode)}"


def access_hint(path: Path) -> str:
    """Name the user who owns it, for whom the same command works; else how to look at it.

    What root owns, such as after one command with sudo, is to be given back. A path that is not
    there is judged by the folder it would be in.
    """
    found = next(place for place in (path, *path.parents) if os.access(place, os.F_OK))
    owner, quoted = found.stat().st_uid, shlex.quote(str(found))
    if os.statvfs(found).f_flag & os.ST_RDONLY:
        return "its file system is read-only: OPSCTL_STATE=DIR keeps what is written elsewhere"
    if os.geteuid() == owner:
        return f"ls -ld {quoted}"
    if owner == 0:
        me = shlex.quote(_name(os.geteuid()))
        return f"root owns {found}; if it is to be yours: sudo chown -R {me} {quoted}"
    name = _name(owner)
    return f"{name} owns {found}; as that user it works: sudo -u {shlex.quote(name)} opsctl …"


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"#{user}"
