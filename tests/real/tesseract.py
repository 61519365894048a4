"""The real tesseract with its Russian, of Debian's packages."""

import os
from pathlib import Path

from tests.real.parts import unpacked

PACKAGES = (
    "tesseract-ocr", "tesseract-ocr-eng", "tesseract-ocr-rus", "tesseract-ocr-osd",
    "libtesseract5", "liblept5", "libleptonica6", "libgif7", "libopenjp2-7", "libwebp7",
    "libwebpmux3", "libjpeg62-turbo", "libpng16-16", "libtiff6", "libarchive13", "libgomp1",
)  # fmt: skip
SCRIPT = """#!/bin/sh
export LD_LIBRARY_PATH='{libraries}' TESSDATA_PREFIX='{data}'
exec '{program}' "$@"
"""


def install(folder: Path) -> None:
    """Make a folder with the program, which is to be on PATH. Raises MissingPartError."""
    root = unpacked(PACKAGES)
    libraries = {path.parent for path in root.glob("usr/lib/**/lib*.so.*")}
    data = next(root.glob("usr/share/tesseract-ocr/*/tessdata"))
    folder.mkdir()
    program = folder / "tesseract"
    script = SCRIPT.format(
        libraries=os.pathsep.join(map(str, sorted(libraries))),
        data=data,
        program=root / "usr/bin/tesseract",
    )
    program.write_text(script)
    program.chmod(0o755)
