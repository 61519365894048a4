"""opsctl users: the people who were let in by a pairing code."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from assistant import settings
from indexer.documents import printable
from indexer.errors import UserError
from opsctl import output
from opsctl.options import Json

if TYPE_CHECKING:
    from bot.people import People

app = typer.Typer(
    help="List, approve and remove people who use the bot by a pairing code.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command("list")
def list_people(json: Json = False) -> None:
    """List the approved people; those of OPSCTL_ALLOWED_USERS are in the settings."""
    people = _people().all()
    if json:
        output.write_json([vars(person) for person in people])
        return
    rows = [
        (person.user, person.name, time.strftime("%Y-%m-%d %H:%M", time.localtime(person.added)))
        for person in people
    ]
    output.write_table([("id", "name", "approved"), *rows])


@app.command()
def approve(
    code: Annotated[str, typer.Argument(help="The six digits that the bot told the person.")],
) -> None:
    """Let the person in whom the bot told this code."""
    person = _people().approve(code.strip())
    if person is None:
        raise UserError(f"no such code is waiting: {printable(code)}", "a code lasts one hour")
    output.note(f"approved: {printable(person.name)} ({person.user})")


@app.command()
def remove(user: Annotated[int, typer.Argument(help="The person's numeric id.")]) -> None:
    """Take the approval back."""
    if not _people().remove(user):
        raise UserError(f"{user} was not approved by a code", "opsctl users list")
    output.note(f"removed: {user}")


def _people() -> "People":
    from bot.people import People
    from bot.store import Store

    return People(Store(settings.load().bot_database))
