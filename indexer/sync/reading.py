"""Reads documents in a process of its own: a bad file costs itself, and sees no secret.

python -m indexer.sync.reading: a path a line on stdin; on stdout, in lines of JSON, what the
document says of itself, its pages, and how it ended.
"""

from __future__ import annotations

import json
import os
import resource
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from indexer.passages.facts import properties
from indexer.readers import Block, Missing, Page, Table, Unreadable, programs, read
from indexer.readers.programs import Programs

ROOT = Path(__file__).resolve().parents[2]
MEMORY = 1 << 30  # bytes
SECONDS = 300  # without a page
RUNS = 4  # of programs for a page that need most of their time
FILE = 1 << 30  # bytes of one that is unpacked, or that a program makes
FILES = 64  # open at once
FOLDER = "opsctl-reader-"  # how the names begin of those for files of a moment
# Read in this process: nothing is parsed that could make a reader grow or hang.
PLAIN = frozenset((".txt", ".text", ".log", ".md", ".markdown", ".csv", ".tsv"))
BLOCK = 1 << 16
# Where programs are, and tesseract's data.
KEPT = ("PATH", "TESSDATA_PREFIX")


class Reading:
    """Reads one document after another; `close` ends the process, and a later read starts one."""

    def __init__(self, seconds: float = SECONDS, allowed: Programs | None = None) -> None:
        """`seconds` without a page: the document is given up; `allowed` to other programs."""
        self._allowed = allowed or Programs()
        self._seconds = max(seconds, RUNS * self._allowed.seconds) if allowed else seconds
        self._folder = ""  # of the process, for files of a moment
        self._process: subprocess.Popen[bytes] | None = None
        self._unread, self._reads = b"", False

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            programs.end(self._process)
            shutil.rmtree(self._folder, ignore_errors=True)
        self._process, self._unread, self._reads = None, b"", False

    def read(self, path: Path) -> tuple[str, Iterator[Page]]:
        """What a document says of itself beside its text, and its pages, to be taken to the end.

        Both may raise Unreadable and OSError.
        """
        if path.suffix.lower() in PLAIN:
            return "", read(path)
        self._ask(path)
        return str(self._hear(path)["facts"]), self._pages(path)

    def _ask(self, path: Path) -> None:
        if self._reads:
            self.close()  # somebody gave up in the middle of a document
        self._reads = True
        if self._process is None:
            self._folder = tempfile.mkdtemp(prefix=FOLDER)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "indexer.sync.reading"], cwd=ROOT,
                env=environment(self._allowed, self._folder),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        assert self._process.stdin
        with suppress(BrokenPipeError):  # then there will be no answer, and a reason for that
            self._process.stdin.write(json.dumps(str(path.absolute())).encode() + b"\n")
            self._process.stdin.flush()

    def _pages(self, path: Path) -> Iterator[Page]:
        while "page" in (told := self._hear(path)):
            yield _page(*told["page"])

    def _hear(self, path: Path) -> Any:
        told = json.loads(self._line(path))
        self._reads = "page" in told or "facts" in told
        if "reason" in told:
            raise (Missing if told["missing"] else Unreadable)(told["reason"])
        if "errno" in told:
            raise OSError(told["errno"], os.strerror(told["errno"]), str(path))
        return told

    def _line(self, path: Path) -> bytes:
        """The next line of the process; Unreadable where it hangs or has died."""
        assert self._process and self._process.stdout
        while b"\n" not in self._unread:
            if not select.select([self._process.stdout], [], [], self._seconds)[0]:
                self.close()
                raise Unreadable(f"too slow: no page of it in {self._seconds:.0f} s")
            chunk = os.read(self._process.stdout.fileno(), BLOCK)
            if not chunk:
                code = self._process.wait()
                self.close()
                raise Unreadable(f"damaged: its reader ended with code {code}")
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        return line


def _page(
    text: str, number: int | None, heading: str | None, blocks: list[Any], tables: list[list[str]],
    recognised: int | None, gap: str, left_out: str,
) -> Page:  # fmt: skip
    known: dict[int | None, Table] = {at: Table(*table) for at, table in enumerate(tables)}
    made = (
        Block(kind, start, stop, level, known.get(at), last_page)
        for kind, start, stop, level, at, last_page in blocks
    )
    return Page(text, number, heading, tuple(made), recognised, gap, left_out)


def _as_json(page: Page) -> list[Any]:
    tables = list(dict.fromkeys(block.table for block in page.blocks if block.table))
    at: dict[Table | None, int | None] = {table: place for place, table in enumerate(tables)}
    blocks = [
        (each.kind, each.start, each.stop, each.level, at.get(each.table), each.last_page)
        for each in page.blocks
    ]
    return [
        page.text, page.number, page.heading, blocks,
        [(table.name, table.header) for table in tables],
        page.recognised, page.gap, page.left_out,
    ]  # fmt: skip


def environment(allowed: Programs, folder: str) -> dict[str, str]:
    """All that a reader's process is told of this one's; `folder` is for files of a moment."""
    here = {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": folder}
    here["OMP_THREAD_LIMIT"] = "1"  # tesseract is slower with more
    kept = {name: value for name in KEPT if (value := os.environ.get(name))}
    return {"PATH": os.defpath} | here | kept | allowed.environment()


def limit() -> None:
    """Take what a reader does not need from this process; programs of others may have more."""
    of_programs = max(MEMORY, programs.told().memory << 20)
    for kind, soft, hard in (
        (resource.RLIMIT_AS, MEMORY, of_programs),
        (resource.RLIMIT_FSIZE, FILE, FILE),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, FILES, programs.FILES),
    ):
        with suppress(ValueError, OSError):  # not every system has every limit
            resource.setrlimit(kind, (soft, hard))


def _tell(**told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _serve(path: Path) -> None:
    _allow_seconds()
    try:
        _tell(facts=properties(path))
        for page in read(path):
            _tell(page=_as_json(page))
            _allow_seconds()
    except Unreadable as error:
        _tell(reason=str(error), missing=isinstance(error, Missing))
    except OSError as error:
        _tell(errno=error.errno)
    else:
        _tell(end=True)


def _allow_seconds() -> None:
    """So many more: a reader that hangs ends by itself even when nobody waits for it any more."""
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    with suppress(ValueError, OSError):
        most = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, most))


def _remove_folder() -> None:
    """Remove the folder that was made for this process, and never one that was not."""
    folder = Path(os.environ.get("TMPDIR", ""))
    if folder.name.startswith(FOLDER):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    limit()
    try:
        for line in sys.stdin:
            _serve(Path(json.loads(line)))
    finally:
        _remove_folder()
