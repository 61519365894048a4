"""Reads a file that somebody sent, in a process with little memory and time and with no secrets.

python -m bot.uploads.check FILE: what was found, as JSON on stdout. The file's suffix is what it
claims to be.
"""

import asyncio
import json
import re
import resource
import signal
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.base.waiting import within
from indexer.readers.programs import Programs
from indexer.sync.reading import ROOT, environment, limit

CPU_SECONDS = 100
SECONDS = 120.0
PROGRAM_SECONDS = 100  # a program of others ends before
KILLED = (-signal.SIGXCPU, -signal.SIGKILL)
# How the readers' reasons begin, and the text that tells of each; "damaged" for the rest.
REASONS = {
    "no text on": "scan", "empty": "scan", "a picture": "scan", "nothing was recognised": "scan",
    "encrypted": "locked", "too large": "heavy", "too slow": "heavy",
    "LibreOffice is needed": "missing",
}  # fmt: skip
ENOUGH = 60.0  # seconds: of a scan that takes longer, the other pages are left to the indexer
OFFICE_SUFFIXES = (".doc", ".xls", ".ppt", ".rtf")  # often of other content: web pages, tables
TEXT_SUFFIXES = (".txt", ".md", ".html", ".csv")
MAIN_PARTS = {
    ".docx": "word/document.xml", ".xlsx": "xl/workbook.xml", ".pptx": "ppt/presentation.xml",
    **dict.fromkeys((".odt", ".ods", ".odp"), "content.xml"),
}  # fmt: skip
# How pictures begin.
HEADS = {
    (".jpg", ".jpeg"): (b"\xff\xd8\xff",),
    (".png",): (b"\x89PNG\r\n\x1a\n",),
    (".tif", ".tiff"): (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    (".bmp",): (b"BM",),
    (".webp",): (b"RIFF",),
}
BLOCK = 1 << 20


class Rejected(Exception):
    """The file is no document; `why` is how the text ends that tells of it: "scan", "damaged"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def check(path: Path, allowed: Programs) -> int | None:
    """The number of the last page, None where that is not known. Raises Rejected."""
    with TemporaryDirectory(prefix="opsctl-") as folder:
        allowed = replace(allowed, seconds=min(allowed.seconds, PROGRAM_SECONDS))
        return await _checked(path, environment(allowed, folder))


async def _checked(path: Path, env: dict[str, str]) -> int | None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.uploads.check", str(path.absolute()), cwd=ROOT, env=env,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        told, _ = await within(SECONDS, process.communicate())
    except TimeoutError:
        raise Rejected("heavy") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        found = json.loads(told)
    except ValueError:  # killed for its limits, or the parser crashed
        raise Rejected("heavy" if process.returncode in KILLED else "damaged") from None
    if "why" in found:
        raise Rejected(str(found["why"]))
    pages: int | None = found["pages"]
    return pages


def _pages(path: Path) -> int | None:
    """Read all of it, as the indexer will. Raises Rejected.

    A parser that gets no more memory says that the file is damaged, as of any other.
    """
    from indexer.readers import Unreadable, read

    last, started = None, time.monotonic()
    try:
        if not _is_what_it_claims(path):
            raise Rejected("mismatch")
        for page in read(path):
            last = page.number or last
            if page.recognised and time.monotonic() - started > ENOUGH:
                return None
    except Unreadable as error:
        reason = re.sub(r"^(?:its only page|\d+ of its \d+ pages): ", "", str(error))
        starts = (why for start, why in REASONS.items() if reason.startswith(start))
        raise Rejected(next(starts, "damaged")) from None
    return last


def _is_what_it_claims(path: Path) -> bool:
    from indexer.readers.office.kinds import kind_of

    with path.open("rb") as file:
        head = file.read(64)
    if path.suffix == ".pdf":
        return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"%PDF-")
    if path.suffix in MAIN_PARTS:
        return head.startswith(b"PK\x03\x04") and _is_office(path)
    for suffixes, heads in HEADS.items():
        if path.suffix in suffixes:
            return head.startswith(heads)
    if path.suffix in OFFICE_SUFFIXES and kind_of(path) not in (".txt", ".csv"):
        return True
    return path.suffix in (*TEXT_SUFFIXES, *OFFICE_SUFFIXES) and _is_text(path, head)


def _is_office(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return MAIN_PARTS[path.suffix] in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False


def _is_text(path: Path, head: bytes) -> bool:
    """Tell whether it can be decoded and has no NUL; formats that begin as text are none."""
    from indexer.readers import Unreadable
    from indexer.readers.letters.encoding import detect

    if head.startswith((b"%PDF-", b"{\\rtf", b"PK\x03\x04", b"\x7fELF")):
        return False
    try:
        encoding = detect(path)
    except Unreadable:
        return False
    with path.open(encoding=encoding, errors="replace") as file:
        return not any("\0" in block for block in iter(lambda: file.read(BLOCK), ""))


if __name__ == "__main__":
    limit()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        found: dict[str, object] = {"pages": _pages(Path(sys.argv[1]))}
    except Rejected as rejected:
        found = {"why": rejected.why}
    sys.stdout.write(json.dumps(found))
