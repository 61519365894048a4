"""The state folder of an older opsctl, which others could read: taken away from them."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from core.settings import Settings

# Not the models and adapters: the user of TGI's container reads them.
PRIVATE = ("index", "logs", "run", "uploads", "training")
GROUP, OTHERS = 0o070, 0o007


def narrow_state(config: Settings) -> None:
    """Let nobody else into the state; where the documents are in it too, into its parts."""
    state = config.state.resolve()
    if not config.documents.resolve().is_relative_to(state):
        _narrow(state)
    for name in PRIVATE:
        _narrow(state / name)


def _narrow(folder: Path) -> None:
    """Take a folder of ours away from everybody else.

    The group keeps what it has where new files are to be the group's (setgid): that is on purpose.
    """
    with suppress(OSError):  # it is not there, or its file system is read-only or knows no rights
        info = folder.stat()
        extra = info.st_mode & (OTHERS if info.st_mode & stat.S_ISGID else GROUP | OTHERS)
        if extra and info.st_uid == os.geteuid():
            folder.chmod(stat.S_IMODE(info.st_mode) & ~extra)
