"""Brings the index up to date in a process of its own, which gives all its memory back.

python -m bot.indexing: settings as JSON on stdin, what was done as JSON on stdout.
"""

import asyncio
import json
import sys
from pathlib import Path

from assistant.retrieve import embedder_for_indexing
from assistant.settings import Settings
from indexer.errors import UserError
from indexer.sync import Chunking, reindex

ROOT = Path(__file__).resolve().parent.parent


async def update_index(settings: Settings) -> dict[str, int]:
    """Index what is new or changed; tell how many files were added, changed and so on.

    Raises UserError. May be broken off at any moment: the next run goes on from there.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.indexing", cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        told, _ = await process.communicate(json.dumps(_needed(settings)).encode())
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    try:
        report: dict[str, int] = json.loads(told)
    except ValueError:
        raise UserError("the indexing broke off", "opsctl reindex says why") from None
    if "error" in report:
        raise UserError(str(report["error"]))
    return report


def _needed(settings: Settings) -> dict[str, object]:
    """The settings that indexing needs: no secrets."""
    return {
        "documents": str(settings.documents.absolute()),
        "state": str(settings.state.absolute()),
        "embedder": settings.embedder,
        "dense_weight": settings.dense_weight,
        "chunk_tokens": settings.chunk_tokens,
        "chunk_overlap": settings.chunk_overlap,
    }


def _index(given: dict[str, object]) -> dict[str, object]:
    paths = {name: Path(str(given[name])) for name in ("documents", "state")}
    settings = Settings(**{**given, **paths})  # type: ignore[arg-type]
    try:
        embedder = embedder_for_indexing(settings, False, lambda _: None)
        chunking = Chunking(settings.chunk_tokens, settings.chunk_overlap)
        report = reindex(settings.documents, settings.index, embedder, chunking)
    except UserError as error:
        return {"error": error.message}
    return {
        "added": len(report.added),
        "changed": len(report.changed),
        "removed": len(report.removed),
        "unchanged": report.unchanged,
        "failed": len(report.failed),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_index(json.load(sys.stdin))))
