"""opsctl users: who may ask the bot, and who waits to be let in."""

import re
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from assistant import settings
from assistant.settings import Settings
from indexer.errors import UsageError, UserError
from indexer.text import printable
from opsctl import output
from opsctl.options import Json

if TYPE_CHECKING:
    from bot.people import People

app = typer.Typer(
    help="List the people of the bot; approve and remove those with a pairing code.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)


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
def export(user: Annotated[int, typer.Argument(help="The person's numeric id.")]) -> None:
    """Print, as JSON, everything that the bot has kept of a person."""
    from bot.personal import held
    from bot.store import Store

    rows = held(Store(settings.load().bot_database), user)
    if not rows:
        output.note(f"nothing is kept of {user}")
    output.write_json({"user": user, **rows})


@app.command()
def erase(
    user: Annotated[int, typer.Argument(help="The person's numeric id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete everything that the bot has kept of a person, their approval too."""
    from bot.personal import erase, held
    from bot.store import Store

    config = settings.load()
    store = Store(config.bot_database)
    rows = held(store, user)
    counts = ", ".join(f"{table} {len(found)}" for table, found in rows.items()) or "nothing"
    output.note(f"kept of {user}: {counts}")
    if rows and not yes:
        _confirm(f"erase all of it? opsctl users export {user} shows it")
    count, traceless = erase(store, user)
    output.note(f"erased: {count} records")
    if not traceless:
        path = config.bot_database
        output.note(f"a program reads {path} all the time, so its log may still hold some of it")
        output.note(f"hint: in a minute, again: opsctl users erase {user}")
    output.note("not erased: messages in Telegram (the person can delete the chat), files they")
    sent, logs = config.documents / "telegram", config.state / "logs"
    output.note(f"sent for the documents ({sent}), their id in {logs}, your backups")
    if user in (*config.allowed_users, *config.admins) or config.public:
        output.note(f"{user} may go on asking, by the settings: opsctl users list")


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("this deletes data", "say that you mean it: --yes")
    typer.confirm(question, abort=True, err=True)


@app.command()
def limit(
    user: Annotated[int, typer.Argument(help="The person's numeric id.")],
    minute: Annotated[
        int | None, typer.Option(min=0, help="Questions in a minute; 0: no limit.")
    ] = None,
    day: Annotated[int | None, typer.Option(min=0, help="Questions in 24 hours.")] = None,
    none: Annotated[bool, typer.Option("--none", help="No limit at all.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="What everybody has.")] = False,
) -> None:
    """Show or set how much one person may ask; it counts at once."""
    from bot.allowances import Allowance, Allowances
    from bot.store import Store

    config = settings.load()
    if none + reset + (minute is not None or day is not None) > 1:
        raise UsageError("these exclude each other", "give one of: --none, --reset, or numbers")
    granted = Allowances(Store(config.bot_database))
    now = granted.get(user)
    if reset:
        granted.remove(user)
    elif none:
        granted.set(user, Allowance(0, 0))
    elif minute is not None or day is not None:
        set_minute = now.per_minute if minute is None else minute
        granted.set(user, Allowance(set_minute, now.per_day if day is None else day))
    now, free = granted.get(user), user in config.admins
    everybody = (0, 0) if free else (config.questions_per_minute, config.questions_per_day)
    pairs = zip(("minute", "day"), (now.per_minute, now.per_day), everybody, strict=True)
    for span, own, common in pairs:
        most = common if own is None else own
        how = "as everybody" if own is None and not free else "granted"
        how = "an administrator" if own is None and free else how
        output.write(f"{span}: {most or 'no limit'} ({how})")


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
