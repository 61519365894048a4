"""How the index is, for `opsctl status`."""

import shlex
import time
from contextlib import closing
from dataclasses import asdict
from typing import Any

from core.errors import UserError
from core.lock import is_held
from core.settings import Settings
from core.text import counted, printable
from indexer.readers import waiting
from indexer.store.folder import IndexFolder
from indexer.store.store import Store
from indexer.sync.documents import NO_PERMISSION, Listing, list_documents
from indexer.sync.plan import make_plan
from opsctl.index.unread import in_words, waiting_lines, without_reader
from opsctl.index.vectors import Vectors
from opsctl.terminal import output

SHOWN = 20  # files of a kind


def index_status(config: Settings) -> dict[str, Any]:
    """The index as a JSON object; `state`: ready or missing, `stale`: what a reindex would do."""
    folder = IndexFolder(config.index)
    if not folder.store_path():
        return {"state": "missing"}
    with closing(folder.open()) as store:
        counts, vectors = store.counts(), Vectors.of(store, config)
        since = store.meta().get("made")
        listing, stale = _against_documents(store, config)
        failed = {path: row[1] for path, row in store.problems().items()}
        failed |= {
            each.path: each.reason for each in listing.skipped if each.path in listing.closed
        }
        return {
            "state": "ready",
            "documents": counts.documents,
            "chunks": counts.chunks,
            "failed": len(failed),
            "problems": [{"path": path, "reason": why} for path, why in sorted(failed.items())],
            "partial": [{"path": path, "reason": why} for path, why in store.gaps().items()],
            "no_reader": without_reader(listing.skipped),
            "embedder": store.identity().embedder,
            "embedder_since": float(since) if since else None,
            "vectors": vectors and asdict(vectors),
            "updated": store.updated_at(),
            "stale": stale,
            "building": folder.store_path("building") is not None,
            "writing": is_held(folder.lock_path),
            "path": str(config.index),
        }


def _against_documents(store: Store, config: Settings) -> tuple[Listing, dict[str, Any]]:
    """The documents folder; and what is new, changed or gone there, or why it is unknown."""
    try:
        listing = list_documents(config.documents)
        plan = make_plan(config.documents, listing, store)
    except UserError as error:
        return Listing(), {"error": error.message, "fix": error.hint}
    changes = {"new": len(plan.added), "changed": len(plan.changed), "gone": len(plan.removed)}
    return listing, changes


def show_index(index: dict[str, Any]) -> None:
    """Print what is in the index, what is not, and how old it is."""
    if index["state"] == "missing":
        output.tell("index: none yet")
        output.note("hint: opsctl reindex")
        return
    output.tell(
        f"index: {counted(index['documents'], 'document')},"
        f" {counted(index['chunks'], 'passage')},"
        f" embedder {index['embedder']}{_since(index['embedder_since'])},"
        f" updated {_ago(index['updated'])}"
    )
    if index["vectors"]:
        Vectors(**index["vectors"]).show(lambda line: output.tell(f"  {line}"))
    _show_unread(index["problems"], index["partial"])
    if index["no_reader"]:
        output.tell(f"  not read: {in_words(index['no_reader'])}: no reader (opsctl doctor)")
    _show_changes(index)


def _show_changes(index: dict[str, Any]) -> None:
    if index["writing"]:
        output.tell("  a reindex is under way")
    elif index["building"]:
        output.tell("  a rebuild is unfinished (opsctl reindex continues it)")
    stale = index["stale"]
    if "error" in stale:
        output.tell(f"  {stale['error']}")
        output.note(f"hint: {stale['fix']}")
    elif any(stale.values()):
        parts = ", ".join(f"{count} {word}" for word, count in stale.items() if count)
        output.tell(f"  out of date: {parts} (opsctl reindex)")


def _show_unread(failed: list[dict[str, str]], partial: list[dict[str, str]]) -> None:
    for label, found in (("not read", failed), ("in part", partial)):
        problems = [each for each in found if not waiting.is_all(each["reason"])]
        for problem in problems[:SHOWN]:
            output.tell(f"  {label}: {printable(problem['path'])}: {problem['reason']}")
        if len(problems) > SHOWN:
            output.tell(f"  {label}: and {len(problems) - SHOWN} more (--json lists all)")
    if closed := [each["path"] for each in failed if each["reason"].startswith(NO_PERMISSION)]:
        output.note(f"hint: sudo chmod a+rX {shlex.quote(closed[0])}, in the documents folder")
    for line in waiting_lines((each["path"], each["reason"]) for each in failed + partial):
        output.tell(f"  {line}")


def _since(moment: float | None) -> str:
    return f" since {time.strftime('%Y-%m-%d', time.localtime(moment))}" if moment else ""


def _ago(moment: float | None) -> str:
    return "never" if moment is None else f"{output.age(time.time() - moment)} ago"
