"""opsctl status: what is there and whether it is up to date."""

from typing import Any

import typer

from core import settings
from core.text import counted
from opsctl.terminal import output
from opsctl.terminal.options import Json

UNHEALTHY = 3
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
    from opsctl.index.status import index_status, show_index
    from opsctl.keeper import status as bots
    from opsctl.launch.status import is_down, server_status

    config = settings.load()
    server, index = server_status(config), index_status(config)
    adapter = server.pop("adapter")
    bot = bots.bot_status(config)
    fresh = freshness(config, bot["state"] in bots.RUNS)
    if json:
        found = {"server": server, "adapter": adapter, "bot": bot, "index": index}
        output.write_json({**found, "reindex": fresh})
    else:
        _show_server(server, adapter)
        bots.show_bot(bot)
        show_index(index)
        show_freshness(fresh)
    down = is_down(config, server) or bots.is_down(bot)
    unread = index["state"] != "ready" or "error" in index["stale"]
    if unread or down or adapter["state"] == "ignored":
        raise typer.Exit(UNHEALTHY)


def _show_server(server: dict[str, Any], adapter: dict[str, Any]) -> None:
    if server["state"] == "absent":
        output.tell("server: none; answers are quotes from the documents")
        return
    kind = f"{server['name']}, " if "name" in server else ""
    age = server.get("uptime_seconds")
    since = f", up {output.age(age)}" if age is not None else ""
    restarts = server.get("restarts")
    again = f", started again {counted(restarts, 'time')}" if restarts else ""
    output.tell(f"server: {server['state']}, {kind}{server['url']}{since}{again}")
    if "model_id" in server:
        queue = server.get("queue")
        work = f"; {queue['running']} running, {queue['waiting']} waiting" if queue else ""
        output.tell(
            f"  {server['model_id']}, {server['max_total_tokens']} tokens for question, sources and"
            f" answer{work}"
        )
    if server.get("stale"):
        output.tell("  its settings have changed since it was started (opsctl restart)")
    if "reason" in server:
        output.tell(f"  {server['reason']}")
    hint = server.get("fix") or HINTS.get(server["state"])
    if hint and server["state"] != "ready":
        output.note(f"hint: {hint}")
    if adapter["state"] in ADAPTER and (adapter["state"] != "unproven" or _lives(server)):
        output.tell(f"adapter: {adapter['name']} {ADAPTER[adapter['state']]}")


def _lives(server: dict[str, Any]) -> bool:
    return server["state"] in ("ready", "busy")
