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
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.uploads.file_types import has_type_of_suffix
from indexer.readers.programs import Programs
from indexer.sync.reading import ROOT, environment, limit

CPU_SECONDS = 100
SECONDS = 120.0
PROGRAM_SECONDS = 100  # a program of others ends before
KILLED = (-signal.SIGXCPU, -signal.SIGKILL)
# How the readers' reasons begin, and the text that tells of each; "damaged" for the rest.
REASONS = {
    "no text on": "no_text", "empty": "no_text", "nothing was recognised": "no_text",
    "encrypted": "locked", "too large": "heavy", "too slow": "heavy", "not read": "contents",
}  # fmt: skip
# What may stand before: pages, or files in a file none of which was read.
_BEFORE = re.compile(
    r"^(?:its only page: |\d+ of its \d+ pages: "
    r"|not read: \d+ of \d+ files? in it: .*\((?=encrypted|too large))"
)
CONTAINERS = ("mail.", "archives.")  # numbers of pages in them are those of their files
ENOUGH = 60.0  # seconds: of a scan that takes longer, the other pages are left to the indexer


class Rejected(Exception):
    """The file is no document; `why` is how the text's name ends that tells of it: "damaged".

    `how` is what to type on the server so that it can be read.
    """

    def __init__(self, why: str, how: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.how = how


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
        async with asyncio.timeout(SECONDS):
            told, _ = await process.communicate()
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
        raise Rejected(str(found["why"]), str(found["how"]))
    pages: int | None = found["pages"]
    return pages


def _pages(path: Path) -> int | None:
    """Read all of it, as the indexer will. Raises Rejected.

    A parser that gets no more memory says that the file is damaged, as of any other.
    """
    from indexer.readers import READERS, Missing, Unreadable, read, waiting

    last, started = None, time.monotonic()
    try:
        if not has_type_of_suffix(path):
            raise Rejected("mismatch")
        for page in read(path):
            last = page.number or last
            if page.recognised and time.monotonic() - started > ENOUGH:
                return None
    except Missing as error:
        why = "scan" if waiting.is_of_pages(str(error)) else "missing"
        raise Rejected(why, " && ".join(waiting.commands(str(error)))) from None
    except Unreadable as error:
        reason = _BEFORE.sub("", str(error))
        starts = (why for start, why in REASONS.items() if reason.startswith(start))
        raise Rejected(next(starts, "damaged")) from None
    return None if READERS[path.suffix].startswith(CONTAINERS) else last


if __name__ == "__main__":
    limit()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        found: dict[str, object] = {"pages": _pages(Path(sys.argv[1]))}
    except Rejected as rejected:
        found = {"why": rejected.why, "how": rejected.how}
    sys.stdout.write(json.dumps(found))
