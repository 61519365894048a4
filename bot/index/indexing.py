"""Brings the index up to date in a process of its own, which gives all its memory back.

python -m bot.index.indexing: settings as a line of JSON on stdin, what was done as one on stdout,
as soon as words can be searched. Then it makes vectors, and ends with them, or when stdin does; a
second line says why it could not.
"""

import asyncio
import json
import logging
import os
import sys
import threading
from asyncio.subprocess import Process
from contextlib import closing, suppress
from pathlib import Path

from assistant.retrieve import embedder_for_indexing, programs
from core.errors import Busy, UserError
from core.settings import Settings
from indexer.store.folder import IndexFolder
from indexer.sync.documents import list_documents
from indexer.sync.encoding import encode_waiting
from indexer.sync.reindex import Chunking, Report, reindex
from indexer.sync.upkeep import idle_plan, wants_vectors

log = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]


class Indexing:
    """The index as the bot changes it: one update at a time, the next one waits for its turn."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()
        self._encoding = set[Process]()
        self._watches = set[asyncio.Task[None]]()
        self._failure = ""

    async def update(self) -> dict[str, int]:
        """Index what is new or changed; tell how many files were added, changed and so on.

        Raises Busy while another program writes the index, or another UserError. May be broken off
        at any moment: the next run goes on from there.
        """
        async with self._turn:
            return await self._run(vectors_only=False)

    async def resume(self) -> None:
        """Make the vectors that an earlier run left unmade; documents are not looked at."""
        if await asyncio.to_thread(wants_vectors, self._settings.index):
            await self._run(vectors_only=True)

    async def _run(self, *, vectors_only: bool) -> dict[str, int]:
        process = await _start(self._settings)
        at_work = {each for each in self._encoding if each.returncode is None}
        self._encoding = at_work | {process}
        report = await _report(process, {**_needed(self._settings), "vectors_only": vectors_only})
        watch = asyncio.ensure_future(self._watch(process))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        return report

    async def _watch(self, process: Process) -> None:
        """Say once why vectors are not made."""
        assert process.stdout
        told = await process.stdout.readline()
        failure = json.loads(told)["error"] if told else ""
        if await process.wait() and not failure:
            failure = "making them was interrupted (opsctl reindex continues it)"
        if failure and failure != self._failure:
            log.warning("vectors cannot be made: %s", failure)
        self._failure = failure

    async def close(self) -> None:
        """End the making of vectors; the next update goes on with it."""
        for watch in self._watches:
            watch.cancel()
        for process in self._encoding:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def name_of(self, sha256: str) -> str:
        """The document with this content that is in the index and still there, or nothing."""
        return await asyncio.to_thread(self._name_of, sha256)

    async def passages(self, path: str) -> tuple[int, bool]:
        """How many passages of the document can be found, and whether all of it was read.

        Raises UserError where it cannot be found.
        """
        return await asyncio.to_thread(self._passages, path)

    async def holds(self) -> dict[str, int]:
        """How many documents can be found, how many of them in part only, how many files cannot."""
        return await asyncio.to_thread(self._holds)

    def _holds(self) -> dict[str, int]:
        try:
            with closing(IndexFolder(self._settings.index).open()) as store:
                counts, gaps, problems = store.counts(), store.gaps(), store.problems()
            skipped = list_documents(self._settings.documents).skipped
        except UserError:  # there is none yet, or the next update says what is wrong with it
            return {"found": 0, "partial": 0, "unread": 0}
        unread = len({problem.path for problem in skipped} | set(problems))
        return {"found": counts.documents, "partial": len(gaps), "unread": unread}

    def _name_of(self, sha256: str) -> str:
        try:
            with closing(IndexFolder(self._settings.index).open()) as store:
                known = store.documents()
        except UserError:  # there is none yet, or the next update says what is wrong with it
            return ""
        same = (path for path, document in known.items() if document.sha256 == sha256)
        return next((path for path in same if (self._settings.documents / path).is_file()), "")

    def _passages(self, path: str) -> tuple[int, bool]:
        with closing(IndexFolder(self._settings.index).open()) as store:
            passages = store.passages_of(path)
            if passages is None:
                problem = store.problems().get(path)
                raise UserError(problem[1] if problem else "it was passed over")
            return passages, path not in store.gaps()


async def _start(settings: Settings) -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.index.indexing", cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:
        raise UserError(f"the indexing does not start ({error.strerror})") from error


async def _report(process: Process, given: dict[str, object]) -> dict[str, int]:
    """Tell a process what to do, and return what it says of documents that can be found now."""
    assert process.stdin
    assert process.stdout
    try:
        with suppress(ConnectionError):  # it died: there is no report
            process.stdin.write(json.dumps(given).encode() + b"\n")
            await process.stdin.drain()
        told = await process.stdout.readline()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    try:
        report: dict[str, int] = json.loads(told)
    except ValueError:
        raise UserError("the indexing broke off", "opsctl reindex says why") from None
    if "error" in report:
        raise (Busy if report["busy"] else UserError)(str(report["error"]))
    return report


def _needed(settings: Settings) -> dict[str, object]:
    """The settings that indexing needs; they go through a pipe, for one is a key."""
    return {
        "documents": str(settings.documents.absolute()),
        "state": str(settings.state.absolute()),
        "embedder": settings.embedder,
        "embedder_url": settings.embedder_url,
        "embedder_key": settings.embedder_key,
        "dense_weight": settings.dense_weight,
        "chunk_tokens": settings.chunk_tokens,
        "chunk_overlap": settings.chunk_overlap,
        "program_seconds": settings.program_seconds,
        "program_memory": settings.program_memory,
    }


def _index(given: dict[str, object]) -> None:
    vectors_only = given.pop("vectors_only")
    paths = {name: Path(str(given[name])) for name in ("documents", "state")}
    settings = Settings(**{**given, **paths})  # type: ignore[arg-type]
    try:
        if vectors_only:
            _say({})
            embedder = embedder_for_indexing(settings, False, lambda _: None)
            encode_waiting(IndexFolder(settings.index), embedder)
            return
        if idle := idle_plan(settings.documents, settings.index):
            _say(_counts(Report(unchanged=idle.unchanged, failed=idle.still_failing)))
            return
        embedder = embedder_for_indexing(settings, False, lambda _: None)
        chunking = Chunking(settings.chunk_tokens, settings.chunk_overlap)
        reindex(
            settings.documents,
            settings.index,
            embedder,
            chunking,
            programs=programs(settings),
            indexed=lambda report: _say(_counts(report)),
        )
    except UserError as error:
        _say({"error": error.message, "busy": isinstance(error, Busy)})


def _counts(report: Report) -> dict[str, object]:
    return {
        "added": len(report.added),
        "changed": len(report.changed),
        "removed": len(report.removed),
        "unchanged": report.unchanged,
        "failed": len(report.failed),
    }


def _say(told: dict[str, object]) -> None:
    with suppress(BrokenPipeError):  # the bot is gone
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()


def _end_with_stdin() -> None:
    """The bot that started this process is gone; what is done is kept."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    wanted = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    _index(wanted)
