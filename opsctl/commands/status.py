"""opsctl status: what is there and whether it is up to date."""

import time
from typing import Any

import typer

from assistant import settings
from assistant.settings import Settings
from opsctl import output
from opsctl.options import Json

UNHEALTHY = 3


def status(json: Json = False) -> None:
    """Show the index: documents, passages, embedder, age, files that changed since."""
    index = _index(settings.load())
    if json:
        output.write_json({"index": index})
    else:
        _show(index)
    if index["state"] != "ready":
        raise typer.Exit(UNHEALTHY)


def _index(config: Settings) -> dict[str, Any]:
    from indexer.documents import list_documents
    from indexer.errors import UserError
    from indexer.folder import IndexFolder
    from indexer.plan import make_plan

    folder = IndexFolder(config.index)
    if not folder.store_path():
        return {"state": "missing"}
    store = folder.open()
    counts = store.counts()
    identity = store.identity()
    try:
        plan = make_plan(config.documents, list_documents(config.documents), store)
        stale: dict[str, Any] = {
            "new": len(plan.added),
            "changed": len(plan.changed),
            "gone": len(plan.removed),
        }
    except UserError as error:
        stale = {"error": error.message}
    return {
        "state": "ready",
        "documents": counts.documents,
        "chunks": counts.chunks,
        "failed": len(store.problems()),
        "embedder": identity.embedder,
        "updated": store.updated_at(),
        "stale": stale,
        "building": folder.store_path("building") is not None,
        "path": str(config.index),
    }


def _show(index: dict[str, Any]) -> None:
    if index["state"] == "missing":
        output.write("index: none yet")
        output.note("hint: opsctl reindex")
        return
    output.write(
        f"index: {index['documents']} documents, {index['chunks']} passages,"
        f" embedder {index['embedder']}, updated {_ago(index['updated'])}"
    )
    if index["failed"]:
        output.write(
            f"  {index['failed']} files could not be read (opsctl reindex --dry-run lists them)"
        )
    if index["building"]:
        output.write("  a rebuild is unfinished (opsctl reindex goes on with it)")
    stale = index["stale"]
    if "error" in stale:
        output.write(f"  {stale['error']}")
    elif any(stale.values()):
        parts = ", ".join(f"{count} {word}" for word, count in stale.items() if count)
        output.write(f"  out of date: {parts} (opsctl reindex)")


def _ago(moment: float | None) -> str:
    if moment is None:
        return "never"
    seconds = max(0, int(time.time() - moment))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
