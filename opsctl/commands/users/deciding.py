"""opsctl users approve, remove, clear."""

import re
from typing import Annotated

import typer

from assistant import settings
from indexer.errors import UserError
from indexer.text import printable
from opsctl import output
from opsctl.commands.users.people import open_people


def approve(
    code: Annotated[list[str], typer.Argument(help="The six digits that the bot told the person.")],
) -> None:
    """Let the person in who was told this code."""
    digits = re.sub("[^0-9]", "", "".join(code))
    person = open_people(settings.load()).approve(digits)
    if person is None:
        words = printable(" ".join(code))
        raise UserError(f"no such code is waiting: {words}", "a code lasts one hour")
    output.note(f"approved: {printable(person.name)} ({person.user})")


def remove(user: Annotated[int, typer.Argument(help="The person's numeric id.")]) -> None:
    """Take back an approval or a code."""
    config = settings.load()
    removed = open_people(config).remove(user)
    lists = {"OPSCTL_ALLOWED_USERS": config.allowed_users, "OPSCTL_ADMINS": config.admins}
    if where := " and ".join(name for name, ids in lists.items() if user in ids):
        message = f"{user} is in {where} and may go on asking"
        raise UserError(message, "take the id out there, then: opsctl restart")
    if not removed:
        raise UserError(f"{user} was not approved and does not wait", "opsctl users list")
    output.note(f"removed: {user}")


def clear() -> None:
    """Take back the codes of all who wait."""
    output.note(f"codes taken back: {open_people(settings.load()).forget_codes()}")
