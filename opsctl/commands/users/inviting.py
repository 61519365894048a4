"""opsctl users invite, invites, revoke, claim: links and codes that let people in by themselves."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from core import settings
from core.errors import UserError
from core.settings import Settings
from opsctl.commands.users.people import (
    Days,
    RoleName,
    check_role,
    day,
    end_of,
    open_store,
)
from opsctl.telegram.claim import bot_name, claim_lines, has_admin
from opsctl.terminal import output
from opsctl.terminal.options import Json

if TYPE_CHECKING:
    from bot.gate.invites import Invite
    from bot.store.store import Store


def invite(
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="For this many people.", show_default="any")
    ] = None,
    days: Days = None,
    role: RoleName = None,
) -> None:
    """Make a link that lets in whoever opens it, and print it."""
    from bot.gate.invites import Invites, link

    config = settings.load()
    store = open_store(config)
    wanted = check_role(role) or "person"
    name = _name(config, store)
    if wanted == "admin" and limit is None:
        limit = 1
        output.note("for one person, since it makes an administrator (--limit N for more)")
    made = Invites(store).make(wanted, limit, end_of(days))
    output.write(link(name, made))
    output.note(f"to take it back: opsctl users revoke {made.id}")


def invites(json: Json = False) -> None:
    """List the links: for whom, how often used, until when."""
    from bot.gate.invites import Invites, is_claim

    config = settings.load()
    store = open_store(config)
    found = [one for one in Invites(store).all() if not is_claim(one.secret)]
    name = bot_name(config, store) if found else ""
    if json:
        output.write_json([_row(one, _address(name, one)) for one in found])
        return
    if not found:
        output.note("there are no links (opsctl users invite makes one)")
        return
    rows = [(one.id, one.role, _used(one), _state(one), _address(name, one)) for one in found]
    output.write_table([("number", "role", "used", "state", "link"), *rows])
    if found and not name:
        output.note("what the bot is called is not known, so they are not shown as links")


def revoke(
    numbers: Annotated[list[int], typer.Argument(help="Their numbers, see opsctl users invites.")],
) -> None:
    """End links; whoever they let in stays."""
    from bot.gate.invites import Invites

    found = Invites(open_store(settings.load()))
    for number in numbers:
        if not found.revoke(number):
            raise UserError(f"there is no link {number}", "opsctl users invites")
        output.note(f"revoked: {number}")


def claim() -> None:
    """Show the code that makes whoever sends it to the bot the first administrator."""
    config = settings.load()
    store = open_store(config)
    if has_admin(config, store):
        hint = "for one more: opsctl users invite --role admin --limit 1"
        raise UserError("the bot has an administrator", hint)
    bot_name(config, store)
    for line in claim_lines(config, store):
        output.write(line)


def _name(config: Settings, store: "Store") -> str:
    if name := bot_name(config, store):
        return name
    if not config.telegram_token:
        raise UserError("there is no bot yet to invite to", "opsctl setup asks for its token")
    raise UserError(
        "Telegram does not say what the bot is called", "opsctl start, then run this again"
    )


def _address(name: str, one: "Invite") -> str:
    """The link, or what it has the bot told, where the bot's name is not known."""
    from bot.gate.invites import link

    return link(name, one) if name else f"/start {one.secret}"


def _row(one: "Invite", address: str) -> dict[str, object]:
    return {
        "number": one.id,
        "role": one.role,
        "used": one.used,
        "limit": one.most,
        "until": one.until,
        "revoked": one.revoked,
        "open": one.is_open,
        "link": address,
    }


def _used(one: "Invite") -> str:
    return str(one.used) if one.most is None else f"{one.used} of {one.most}"


def _state(one: "Invite") -> str:
    if one.most is not None and one.used >= one.most:
        return "used"
    if one.revoked:
        return "revoked"
    if one.until is not None:
        return f"{'until' if one.until > time.time() else 'was over'} {day(one.until)}"
    return "open"
