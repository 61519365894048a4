"""What the commands about people share: the bot's memory, and what stands for a person."""

import re
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import UsageError, UserError
from core.settings import Settings
from core.text import printable

if TYPE_CHECKING:
    from bot.people.people import Role
    from bot.store.store import Store

CODE_DIGITS = 6
RoleName = Annotated[
    str | None, typer.Option("--role", help="person, editor (documents) or admin.")
]
Days = Annotated[int | None, typer.Option("--days", min=1, help="For this many days only.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Force = Annotated[bool, typer.Option("--force", help="The last administrator, too.")]


def open_store(config: Settings) -> "Store":
    """The bot's memory, which is made where there is none."""
    from bot.store.store import Store

    return Store(config.bot_database)


def id_of(word: str) -> int:
    """The id that a word is. Raises UsageError for one that is no person's."""
    text = word.strip()
    if re.fullmatch(r"-\d+", text):
        hint = "a group goes into OPSCTL_ALLOWED_GROUPS (it is answered) or OPSCTL_MEMBERS_OF"
        raise UsageError(f"{text} is the id of a group", hint)
    if not re.fullmatch(r"0*[1-9]\d{0,17}", text):
        hint = "a name can change hands; the bot tells people their id when they write /start"
        raise UsageError(f"{printable(text)!r} is not a numeric id", hint)
    return int(text)


def check_role(name: str | None) -> "Role | None":
    """The role of this name. Raises UsageError."""
    from bot.people.people import ROLES

    for role in ROLES:
        if role == name:
            return role
    if name is None:
        return None
    raise UsageError(f"the role is {name!r}", f"choose one of: {', '.join(ROLES)}")


def confirm(question: str, yes: bool) -> None:
    """Ask before something is deleted. Raises UsageError where there is nobody to ask."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("this deletes data", "say that you mean it: --yes")
    typer.confirm(question, abort=True, err=True)


def keep_an_admin(
    config: Settings, store: "Store", leaving: Iterable[int], force: bool | None = None
) -> None:
    """Raise UserError where nobody is left to decide once these people are administrators no more.

    `force` is None for a command without that option.
    """
    from bot.people.people import People

    admins = People(store).with_role("admin")
    if force or config.admins or not admins or set(admins) - set(leaving):
        return
    hint = "another one first: opsctl users approve ID --role admin"
    if force is not None:
        hint += " (or all the same: --force)"
    last = " and ".join(map(str, admins))
    raise UserError(f"nobody would be an administrator without {last}", hint)


def end_of(days: int | None) -> float | None:
    """When so many days from now are over; None for ever."""
    from bot.store.store import DAY

    return None if days is None else time.time() + days * DAY


def day(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
