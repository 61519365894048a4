"""opsctl status: what is there and whether it is up to date."""

import time
from contextlib import closing
from dataclasses import asdict
from typing import Any

import typer

from core import settings
from core.settings import Settings
from core.text import counted, printable
from opsctl.terminal import output
from opsctl.terminal.options import Json

UNHEALTHY = 3
SHOWN = 20  # files of a kind
HINTS = {
    "exited": "opsctl logs server",
    "stopped": "opsctl start",
    "foreign": "something else answers there: OPSCTL_SERVER_URL or OPSCTL_SERVER_API",
}
ADAPTER = {
    "applied": "applied, as was proven",
    "ignored": "NOT applied: the server answers as the base model",
    "unproven": "not proven on this server (opsctl verify)",
}


def status(json: Json = False) -> None:
    """Show the model server, its adapter and queue, the bot, the index; exit 3 if one is down."""
    from opsctl.index.freshness import freshness, show_freshness
    from opsctl.keeper import status as bots
    from opsctl.launch.status import is_down, server_status

    config = settings.load()
    server, index = server_status(config), _index(config)
    adapter = server.pop("adapter")
    bot = bots.bot_status(config)
    fresh = freshness(config, bot["state"] in bots.RUNS)
    if json:
        found = {"server": server, "adapter": adapter, "bot": bot, "index": index}
        output.write_json({**found, "reindex": fresh})
    else:
        _show_server(server, adapter)
        bots.show_bot(bot)
        _show(index)
        show_freshness(fresh)
    down = is_down(config, server) or bots.is_down(bot)
    unread = index["state"] != "ready" or "error" in index["stale"]
    if unread or down or adapter["state"] == "ignored":
        raise typer.Exit(UNHEALTHY)


def _show_server(server: dict[str, Any], adapter: dict[str, Any]) -> None:
    if server["state"] == "absent":
        output.write("server: none; answers are quotes from the documents")
        return
    kind = {"docker": "TGI, ", "local": "localtgi, "}.get(server.get("kind", ""), "")
    age = server.get("uptime_seconds")
    since = f", up {_ago(time.time() - age).removesuffix(' ago')}" if age is not None else ""
    restarts = server.get("restarts")
    again = f", started again {counted(restarts, 'time')}" if restarts else ""
    output.write(f"server: {server['state']}, {kind}{server['url']}{since}{again}")
    if "model_id" in server:
        queue = server.get("queue")
        work = f"; {queue['running']} running, {queue['waiting']} waiting" if queue else ""
        output.write(
            f"  {server['model_id']}, {server['max_input_tokens']} tokens of prompt,"
            f" {server['max_total_tokens']} with the answer{work}"
        )
    if server.get("stale"):
        output.write("  its settings have changed since it was started (opsctl restart)")
    if "reason" in server:
        output.write(f"  {server['reason']}")
    hint = server.get("fix") or HINTS.get(server["state"])
    if hint and server["state"] != "ready":
        output.note(f"hint: {hint}")
    if adapter["state"] in ADAPTER:
        output.write(f"adapter: {adapter['name']} {ADAPTER[adapter['state']]}")


def _index(config: Settings) -> dict[str, Any]:
    from core.errors import UserError
    from core.lock import is_held
    from indexer.store.folder import IndexFolder
    from indexer.sync.documents import list_documents
    from indexer.sync.plan import make_plan
    from opsctl.index.unread import without_reader
    from opsctl.index.vectors import Vectors

    folder = IndexFolder(config.index)
    if not folder.store_path():
        return {"state": "missing"}
    with closing(folder.open()) as store:
        counts = store.counts()
        problems, gaps = store.problems(), store.gaps()
        made, updated = store.identity().embedder, store.updated_at()
        since = store.meta().get("made")
        vectors = Vectors.of(store, config)
        try:
            listing = list_documents(config.documents)
            kinds = without_reader(listing.skipped)
            plan = make_plan(config.documents, listing, store)
            stale: dict[str, Any] = {
                "new": len(plan.added),
                "changed": len(plan.changed),
                "gone": len(plan.removed),
            }
        except UserError as error:
            kinds, stale = {}, {"error": error.message, "fix": error.hint}
    return {
        "state": "ready",
        "documents": counts.documents,
        "chunks": counts.chunks,
        "failed": len(problems),
        "problems": [{"path": path, "reason": row[1]} for path, row in sorted(problems.items())],
        "partial": [{"path": path, "reason": reason} for path, reason in gaps.items()],
        "no_reader": kinds,
        "embedder": made,
        "embedder_since": float(since) if since else None,
        "vectors": vectors and asdict(vectors),
        "updated": updated,
        "stale": stale,
        "building": folder.store_path("building") is not None,
        "writing": is_held(folder.lock_path),
        "path": str(config.index),
    }


def _show_unread(failed: list[dict[str, str]], partial: list[dict[str, str]]) -> None:
    from indexer.readers import waiting
    from opsctl.index.unread import waiting_lines

    for label, found in (("not read", failed), ("in part", partial)):
        problems = [each for each in found if not waiting.is_all(each["reason"])]
        for problem in problems[:SHOWN]:
            output.write(f"  {label}: {printable(problem['path'])}: {problem['reason']}")
        if len(problems) > SHOWN:
            output.write(f"  {label}: and {len(problems) - SHOWN} more (--json lists all)")
    for line in waiting_lines((each["path"], each["reason"]) for each in failed + partial):
        output.write(f"  {line}")


def _show(index: dict[str, Any]) -> None:
    from opsctl.index.unread import in_words
    from opsctl.index.vectors import Vectors

    if index["state"] == "missing":
        output.write("index: none yet")
        output.note("hint: opsctl reindex")
        return
    output.write(
        f"index: {counted(index['documents'], 'document')},"
        f" {counted(index['chunks'], 'passage')},"
        f" embedder {index['embedder']}{_since(index['embedder_since'])},"
        f" updated {_ago(index['updated'])}"
    )
    if index["vectors"]:
        Vectors(**index["vectors"]).show(lambda line: output.write(f"  {line}"))
    _show_unread(index["problems"], index["partial"])
    if index["no_reader"]:
        output.write(f"  not read: {in_words(index['no_reader'])}: no reader (opsctl doctor)")
    if index["writing"]:
        output.write("  a reindex is under way")
    elif index["building"]:
        output.write("  a rebuild is unfinished (opsctl reindex continues it)")
    stale = index["stale"]
    if "error" in stale:
        output.write(f"  {stale['error']}")
        output.note(f"hint: {stale['fix']}")
    elif any(stale.values()):
        parts = ", ".join(f"{count} {word}" for word, count in stale.items() if count)
        output.write(f"  out of date: {parts} (opsctl reindex)")


def _since(moment: float | None) -> str:
    return f" since {time.strftime('%Y-%m-%d', time.localtime(moment))}" if moment else ""


def _ago(moment: float | None) -> str:
    if moment is None:
        return "never"
    seconds = max(0, int(time.time() - moment))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
