"""opsctl users list."""

import time
from typing import TYPE_CHECKING

from assistant import settings
from assistant.settings import Settings
from opsctl import output
from opsctl.commands.users.people import open_people
from opsctl.options import Json

if TYPE_CHECKING:
    from bot.people import People


def list_people(json: Json = False) -> None:
    """List who may ask, and who waits with a code."""
    from bot.people import MOST_CODES

    config = settings.load()
    rows = _rows(config, open_people(config))
    if json:
        output.write_json(rows)
        return
    if rows:
        shown = [(row["user"], row["name"], _how(row)) for row in rows]
        output.write_table([("id", "name", "how"), *shown])
    else:
        output.note("nobody is let in, and nobody waits")
    if sum(row["how"] == "waiting" for row in rows) >= MOST_CODES:
        output.note("so many wait that nobody else is told a code: opsctl users clear")
    if config.public:
        output.note("OPSCTL_PUBLIC is set: everybody may ask")


def _rows(config: Settings, people: "People") -> list[dict[str, object]]:
    """Who, how they come in, and since when in seconds since 1970; codes are for their owners."""
    listed = dict.fromkeys([*config.admins, *config.allowed_users])
    told: list[tuple[str, int, str, float | None]]
    told = [("settings", user, "", None) for user in listed]
    told += [("approved", one.user, one.name, one.added) for one in people.all()]
    told += [("waiting", one.user, one.name, one.added) for one in people.waiting()]
    return [
        {"user": user, "name": name, "how": how, "admin": user in config.admins, "since": since}
        for how, user, name, since in told
    ]


def _how(row: dict[str, object]) -> str:
    since = row["since"]
    if not isinstance(since, float):
        return "settings, admin" if row["admin"] else "settings"
    if row["how"] == "waiting":
        return f"waiting for {(time.time() - since) / 60:.0f} min"
    return time.strftime("approved %Y-%m-%d %H:%M", time.localtime(since))
