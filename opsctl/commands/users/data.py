"""opsctl users export, erase and limit: what is kept of one person, and how much they may ask."""

from typing import TYPE_CHECKING, Annotated

import typer

from core import settings
from core.errors import UsageError
from core.settings import Settings
from opsctl.commands.users.held import in_words
from opsctl.commands.users.people import (
    Force,
    Yes,
    confirm,
    id_of,
    keep_an_admin,
    open_store,
)
from opsctl.terminal import output

if TYPE_CHECKING:
    from bot.people.allowances import Allowance

Id = Annotated[int, typer.Argument(parser=id_of, help="The person's numeric id.")]


def export(user: Id) -> None:
    """Print, as JSON, everything that the bot has kept of a person."""
    from bot.people.personal import held

    rows = held(open_store(settings.load()), user)
    if not rows:
        output.note(f"nothing is kept of {user}")
    output.write_json({"user": user, **rows})


def erase(
    user: Id,
    yes: Yes = False,
    force: Force = False,
) -> None:
    """Delete everything that the bot has kept of a person, their approval too."""
    from bot.people.personal import erase, held

    config = settings.load()
    store = open_store(config)
    rows = held(store, user)
    output.note(f"kept of {user}: {in_words(rows)}")
    keep_an_admin(config, store, [user], force)
    if rows:
        confirm(f"erase all of it? opsctl users export {user} shows it", yes)
    count, traceless = erase(store, user)
    output.note(f"erased: {'all of it' if count else 'nothing'}")
    if not traceless:
        path = config.bot_database
        output.note(f"a program reads {path} all the time, so its log may still hold some of it")
        output.note(f"hint: in a minute, again: opsctl users erase {user}")
    output.note("not erased: messages in Telegram (the person can delete the chat), files they")
    sent, logs = config.documents / "telegram", config.state / "logs"
    output.note(f"sent for the documents ({sent}), their id in {logs}, your backups")
    if user in (*config.allowed_users, *config.admins) or config.public:
        output.note(f"{user} may still ask, by the settings: opsctl users list")


def limit(
    user: Id,
    minute: Annotated[
        int | None, typer.Option(min=0, help="Questions in a minute; 0: no limit.")
    ] = None,
    day: Annotated[int | None, typer.Option(min=0, help="Questions in 24 hours.")] = None,
    none: Annotated[bool, typer.Option("--none", help="No limit at all.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="What everybody has.")] = False,
) -> None:
    """Show or set how much one person may ask; it counts at once."""
    from bot.people.allowances import Allowance, Allowances
    from bot.people.people import People

    config = settings.load()
    if none + reset + (minute is not None or day is not None) > 1:
        raise UsageError("these exclude each other", "give one of: --none, --reset, or numbers")
    store = open_store(config)
    granted, role = Allowances(store), People(store).role(user)
    now = granted.get(user)
    if reset:
        granted.remove(user)
    elif none:
        granted.set(user, Allowance(0, 0))
    elif minute is not None or day is not None:
        set_minute = now.per_minute if minute is None else minute
        granted.set(user, Allowance(set_minute, now.per_day if day is None else day))
    _show(config, granted.get(user), user in config.admins or role == "admin")


def _show(config: Settings, granted: "Allowance", free: bool) -> None:
    common = (config.questions_per_minute, config.questions_per_day)
    for span, own, everybody in zip(
        ("minute", "day"), (granted.per_minute, granted.per_day), common, strict=True
    ):
        if own is not None:
            most, how = own, "granted"
        elif free:
            most, how = 0, "an administrator"
        else:
            most, how = everybody, "as everybody"
        output.write(f"{span}: {most or 'no limit'} ({how})")
