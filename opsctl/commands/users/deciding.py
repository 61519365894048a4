"""opsctl users approve, reject, remove, clear, role: what is decided about people."""

from typing import TYPE_CHECKING, Annotated

import typer

from core import settings
from core.errors import UserError
from core.settings import Settings
from core.text import printable
from opsctl.commands.users.people import (
    CODE_DIGITS,
    Days,
    Force,
    RoleName,
    Yes,
    check_role,
    confirm,
    end_of,
    id_of,
    keep_an_admin,
    open_store,
)
from opsctl.terminal import output

if TYPE_CHECKING:
    from bot.gate.requests import Requests
    from bot.people.people import People

Whom = Annotated[list[str], typer.Argument(help="Ids, or the six digits that the bot gave people.")]
Ids = Annotated[list[str], typer.Argument(help="The people's numeric ids.")]


def approve(whom: Whom, days: Days = None, role: RoleName = None) -> None:
    """Let people in, whether they wait or not; again, to change until when."""
    from bot.gate.requests import BY_OPSCTL

    config = settings.load()
    requests, people = _open(config)
    wanted, until = check_role(role), end_of(days)
    users = _users(whom, requests)
    if until or wanted not in (None, "admin"):
        keep_an_admin(config, people.store, users)
    requests.admit(users, BY_OPSCTL, role=wanted, until=until, again=True)
    for user in users:
        person = people.let_in(user, role=wanted, until=until)
        output.note(f"approved: {_named(person.name, user)}")


def reject(whom: Whom) -> None:
    """Refuse people who wait; the bot tells them."""
    from bot.gate.requests import BY_OPSCTL

    requests, _ = _open(settings.load())
    users = _users(whom, requests)
    refused = {request.user: request for request in requests.refuse(users, BY_OPSCTL)}
    for user, request in refused.items():
        output.note(f"refused: {_named(request.name, user)}")
    if missed := [str(user) for user in users if user not in refused]:
        raise UserError(f"not waiting: {', '.join(missed)}", "opsctl users list")


def remove(whom: Ids, force: Force = False) -> None:
    """Stop letting people in, or forget that they asked."""
    from bot.gate.invites import Invites

    config = settings.load()
    requests, people = _open(config)
    lists = {"OPSCTL_ALLOWED_USERS": config.allowed_users, "OPSCTL_ADMINS": config.admins}
    users = [id_of(word) for word in whom]
    keep_an_admin(config, people.store, users, force)
    for user in users:
        waited = requests.forget(user)
        removed = people.remove(user) or waited
        Invites(people.store).close_to(user)
        if where := " and ".join(name for name, ids in lists.items() if user in ids):
            message = f"{user} is in {where} and may still ask"
            raise UserError(message, "take the id out there, then: opsctl restart")
        if not removed:
            raise UserError(f"{user} was not approved and does not wait", "opsctl users list")
        output.note(f"removed: {user}")
        if config.members_of:
            output.note(f"{user} may still ask as long as OPSCTL_MEMBERS_OF has a group of theirs")


def clear(yes: Yes = False) -> None:
    """Forget the requests of all who wait; they may ask again."""
    requests, _ = _open(settings.load())
    waiting = requests.listing("waiting")
    if waiting:
        confirm(f"forget the requests of all who wait ({len(waiting)})?", yes)
    for request in waiting:
        requests.forget(request.user)
    output.note(f"requests forgotten: {len(waiting)}")


def role(
    user: Annotated[str, typer.Argument(help="The person's numeric id.")],
    name: Annotated[str, typer.Argument(metavar="ROLE", help="person, editor or admin.")],
    force: Force = False,
) -> None:
    """Say what somebody may do who is let in: ask; change the documents, too; or everything."""
    config = settings.load()
    requests, people = _open(config)
    number, wanted = id_of(user), check_role(name)
    assert wanted
    if number in config.admins and wanted != "admin":
        message = f"{number} is in OPSCTL_ADMINS and stays an administrator"
        raise UserError(message, "take the id out there, then: opsctl restart")
    if wanted != "admin":
        keep_an_admin(config, people.store, [number], force)
    if not people.set_role(number, wanted, listed=number in config.allowed_users):
        raise UserError(f"{number} is not let in", f"opsctl users approve {number} --role {wanted}")
    requests.role_changed(number, wanted)
    output.note(f"{number} is now: {wanted}")


def _users(words: list[str], requests: "Requests") -> list[int]:
    """The people whom these words mean: codes first, also one with a gap. Raises UserError."""
    whole = "".join(words).replace(" ", "")
    if len(words) > 1 and len(whole) == CODE_DIGITS and requests.by_code(whole):
        words = [whole]
    return [_user(word.replace(" ", ""), requests) for word in words]


def _user(word: str, requests: "Requests") -> int:
    if request := requests.by_code(word):
        return request.user
    user = id_of(word)
    # A code with a wrong digit is not to let in whoever has that number.
    if len(word) <= CODE_DIGITS and requests.get(user) is None:
        raise UserError(f"no such code is waiting: {printable(word)}", "opsctl users list")
    return user


def _named(name: str, user: int) -> str:
    return f"{printable(name)} ({user})" if name else str(user)


def _open(config: Settings) -> "tuple[Requests, People]":
    from bot.gate.requests import Requests
    from bot.people.people import People

    store = open_store(config)
    return Requests(store), People(store)
