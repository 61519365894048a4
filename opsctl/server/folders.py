"""Where the folders that the server names are on this machine, and if a container sees them."""

import os
import shlex
from pathlib import Path

from core.errors import UserError
from core.settings import Settings
from indexer.models import downloaded

MODELS, ADAPTERS = "/data/models", "/data/adapters"  # in the container


def on_this_machine(folder: str, settings: Settings) -> Path:
    """Where a folder of the container, such as /data/models/x, is outside of it."""
    for inside, outside in ((MODELS, settings.models), (ADAPTERS, settings.adapters)):
        if folder == inside or folder.startswith(inside + "/"):
            return outside / folder[len(inside) :].lstrip("/")
    return Path(folder)


def find_model(name: str, settings: Settings) -> Path:
    """The folder of a model given as a folder or as a name on the Hub; UserError if absent."""
    place = on_this_machine(name, settings).expanduser()
    for folder in (place, downloaded(name, settings.models)):
        if (folder / "config.json").is_file():
            return folder.resolve()
    raise UserError(f"there is no model at {place}", "opsctl download")


def see(folder: Path, settings: Settings) -> None:
    """Raise UserError where links lead from a folder to what the container does not see, or to a
    disk that is not there. The container has the two folders of models and adapters alone."""
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
