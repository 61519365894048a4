"""The real bsdtar, of Debian's packages."""

import os
from pathlib import Path

from tests.real.parts import unpacked

PACKAGES = ("libarchive-tools", "libarchive13")
SCRIPT = """#!/bin/sh
export LD_LIBRARY_PATH='{libraries}'
exec '{program}' "$@"
"""


def install(folder: Path) -> None:
    """Make a folder with the program, which is to be on PATH. Raises MissingPartError."""
    root = unpacked(PACKAGES)
    libraries = {path.parent for path in root.glob("usr/lib/**/lib*.so.*")}
    folder.mkdir()
    program = folder / "bsdtar"
    program.write_text(
        SCRIPT.format(
            libraries=os.pathsep.join(map(str, sorted(libraries))), program=root / "usr/bin/bsdtar"
        )
    )
    program.chmod(0o755)
