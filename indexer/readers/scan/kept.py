"""What was recognised once is kept by its content, so that it is not recognised again."""

from __future__ import annotations

import os
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path

from core.files import private_folder
from indexer.readers.programs import told

MOST = 200_000_000  # bytes: of some 40,000 pages; those that were not asked for longest go first
SWEEP = 64  # a page of so many, on an average, sees to that


def get(key: str) -> bytes | None:
    """What is kept under a key, or nothing."""
    if not (folder := told().cache):
        return None
    path = folder / key
    try:
        kept = zlib.decompress(path.read_bytes())
        os.utime(path)
    except (OSError, zlib.error):
        return None
    return kept


def put(key: str, written: bytes) -> None:
    """Keep it, if there is room."""
    if not (folder := told().cache):
        return
    with suppress(OSError):
        private_folder(folder)
        if int(key[:8], 16) % SWEEP == 0:
            _sweep(folder)
        draft, name = tempfile.mkstemp(dir=folder, prefix="draft-")
        try:
            with os.fdopen(draft, "wb") as file:
                file.write(zlib.compress(written))
            Path(name).rename(folder / key)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _sweep(folder: Path) -> None:
    """Delete those that were not asked for longest, until the rest is small enough."""
    files = [(path.stat(), path) for path in folder.iterdir()]
    size = sum(info.st_size for info, _ in files)
    for info, path in sorted(files, key=lambda file: file[0].st_mtime):
        if size <= MOST:
            return
        path.unlink(missing_ok=True)
        size -= info.st_size
