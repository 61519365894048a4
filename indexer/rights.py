"""What helps where this user may not read or write a path: its owner, or a look at it."""

import os
import pwd
import shlex
from pathlib import Path


def access_hint(path: Path) -> str:
    """Name the user who owns it, for whom the same command works; else how to look at it.

    One that is not there is judged by the folder it would be in.
    """
    found = next(place for place in (path, *path.parents) if os.access(place, os.F_OK))
    owner = found.stat().st_uid
    if os.statvfs(found).f_flag & os.ST_RDONLY:
        return "its file system is read-only: OPSCTL_STATE=DIR keeps what is written elsewhere"
    if os.geteuid() == owner:
        return f"ls -ld {found}"
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"#{owner}"
    return f"{name} owns {found} and runs this bot: sudo -u {shlex.quote(name)} opsctl …"
