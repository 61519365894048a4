"""Links in the folders of models and adapters, which are all that the container sees."""

import os
import shlex
from pathlib import Path

from core.errors import UserError
from core.settings import Settings


def see(folder: Path, settings: Settings) -> None:
    """Raise UserError where links lead from a folder to what the container does not see, or to a
    disk that is not there."""
    for root in (settings.models, settings.adapters):
        if root.is_symlink() and not root.exists():
            raise _lost(root)
        if folder.is_relative_to(root):
            inside = folder.iterdir() if folder.is_dir() else ()
            for path in (*_between(root, folder), *inside):
                if path.is_symlink() and not path.exists():
                    raise _lost(path)
                if not _stays(path, root):
                    raise _out(path, root)


def _between(root: Path, folder: Path) -> list[Path]:
    """The folders below the root on the way to one, that one included."""
    return [
        path for path in reversed((folder, *folder.parents)) if path.parent.is_relative_to(root)
    ]


def _stays(link: Path, root: Path) -> bool:
    """Tell whether whoever sees the root alone, at another place, can follow a link."""
    while link.is_symlink():
        target = link.readlink()
        link = Path(os.path.normpath(link.parent / target))
        if target.is_absolute() or not link.is_relative_to(root):
            return False
    return True


def _lost(link: Path) -> UserError:
    return UserError(
        f"{link} is a link to {link.readlink()}, which is not there: is its disk mounted?",
        "findmnt shows what is mounted; then: opsctl start",
    )


def _out(link: Path, root: Path) -> UserError:
    old, new = shlex.quote(str(link.resolve())), shlex.quote(str(link))
    return UserError(
        f"{link} is a link to {link.readlink()}, which the container does not see",
        f"rm {new} && cp -r {old} {new}; or let all of {root} be the link",
    )
