"""opsctl users: who may ask the bot, and who waits to be let in."""

import re
import time
from typing import TYPE_CHECKING, Annotated

import typer

from assistant import settings
from assistant.settings import Settings
from indexer.errors import UserError
from indexer.text import printable
from opsctl import output
from opsctl.commands import person_data
from opsctl.options import Json

if TYPE_CHECKING:
    from bot.people import People

app = typer.Typer(
    help="List the people of the bot; approve and remove those with a pairing code.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
for _command in (person_data.limit, person_data.export, person_data.erase):
    app.command()(_command)


@app.command("list")
def list_people(json: Json = False) -> None:
    """List who may ask, and who waits with a code."""
    from bot.people import MOST_CODES

    config = settings.load()
    rows = _rows(config, _people(config))
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


@app.command()
def approve(
    code: Annotated[list[str], typer.Argument(help="The six digits that the bot told the person.")],
) -> None:
    """Let the person in who was told this code."""
    digits = re.sub("[^0-9]", "", "".join(code))
    person = _people(settings.load()).approve(digits)
    if person is None:
        words = printable(" ".join(code))
        raise UserError(f"no such code is waiting: {words}", "a code lasts one hour")
    output.note(f"approved: {printable(person.name)} ({person.user})")


@app.command()
def remove(user: Annotated[int, typer.Argument(help="The person's numeric id.")]) -> None:
    """Take back an approval or a code."""
    config = settings.load()
    removed = _people(config).remove(user)
    lists = {"OPSCTL_ALLOWED_USERS": config.allowed_users, "OPSCTL_ADMINS": config.admins}
    if where := " and ".join(name for name, ids in lists.items() if user in ids):
        message = f"{user} is in {where} and may go on asking"
        raise UserError(message, "take the id out there, then: opsctl restart")
    if not removed:
        raise UserError(f"{user} was not approved and does not wait", "opsctl users list")
    output.note(f"removed: {user}")


@app.command()
def clear() -> None:
    """Take back the codes of all who wait."""
    output.note(f"codes taken back: {_people(settings.load()).forget_codes()}")


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


def _people(config: Settings) -> "People":
    from bot.people import People
    from bot.store import Store

    return People(Store(config.bot_database))
