"""opsctl users list."""

import time
from typing import TYPE_CHECKING

from core import settings
from core.settings import Settings
from opsctl.commands.users.people import day, open_store
from opsctl.terminal import output
from opsctl.terminal.options import Json

if TYPE_CHECKING:
    from bot.gate.requests import Request
    from bot.people.people import Person
    from bot.store.store import Store

HEAD = ("id", "name", "@name", "role", "how")


def list_people(json: Json = False) -> None:
    """List who may ask, what each may do and until when, and who waits with which code."""
    config = settings.load()
    store = open_store(config)
    rows = _rows(config, store)
    if json:
        output.write_json(rows)
        return
    if rows:
        names = ("user", "name", "username", "role")
        shown = [(*(row[name] for name in names), _how(row)) for row in rows]
        output.write_table([HEAD, *shown])
        output.note(_summary(rows))
    else:
        output.note("nobody is let in, and nobody waits")
    for line in _open_doors(config, store):
        output.note(line)


def _rows(config: Settings, store: "Store") -> list[dict[str, object]]:
    """Who, how they come in, since and until when in seconds since 1970; those who wait are last.

    `how`: settings, approved, list, invite, claim, waiting, or refused.
    """
    from bot.gate.requests import Requests
    from bot.people.people import People

    people = {person.user: person for person in People(store).all()}
    listed = dict.fromkeys([*config.admins, *config.allowed_users])
    rows = [_person(user, people.pop(user, None), config) for user in listed]
    rows += [_person(person.user, person, config) for person in people.values()]
    requests = Requests(store)
    rows += [_request(one, "refused") for one in requests.listing("refused")]
    rows += [_request(one, "waiting") for one in requests.listing("waiting")]
    return rows


def _person(user: int, person: "Person | None", config: Settings) -> dict[str, object]:
    listed = user in config.admins or user in config.allowed_users
    admin = user in config.admins or (person is not None and person.role == "admin")
    return {
        "user": user,
        "name": person.name if person else "",
        "username": person.username if person else "",
        "role": "admin" if admin else person.role if person else "person",
        "how": "settings" if listed or person is None else person.how,
        "admin": admin,
        "since": person.added if person and not listed else None,
        "until": person.until if person and not listed else None,
        "code": None,
    }


def _request(request: "Request", how: str) -> dict[str, object]:
    return {
        "user": request.user,
        "name": request.name,
        "username": request.username,
        "role": "",
        "how": how,
        "admin": False,
        "since": request.made,
        "until": None,
        "code": request.code if how == "waiting" else None,
    }


def _how(row: dict[str, object]) -> str:
    how, since, until = row["how"], row["since"], row["until"]
    if not isinstance(since, float):
        return str(how)
    if how == "waiting":
        return f"waits since {day(since)}, code {row['code']}"
    words = f"{how} {day(since)}"
    if isinstance(until, float):
        words += f", {'until' if until > time.time() else 'was over'} {day(until)}"
    return words


def _summary(rows: list[dict[str, object]]) -> str:
    """How many there are of each kind, after a list that may be long."""
    count = {how: sum(row["how"] == how for row in rows) for how in ("waiting", "refused")}
    admins = sum(bool(row["admin"]) for row in rows)
    editors = sum(row["role"] == "editor" for row in rows)
    let_in = len(rows) - sum(count.values())
    words = f"let in: {let_in} (administrators {admins}, editors {editors})"
    return f"{words}, waiting: {count['waiting']}, refused: {count['refused']}"


def _open_doors(config: Settings, store: "Store") -> list[str]:
    """Who comes in beside the people of the list."""
    from bot.gate.invites import Invites

    lines = []
    if config.public:
        lines.append("OPSCTL_PUBLIC is set: everybody may ask")
    if config.members_of:
        groups = ", ".join(map(str, config.members_of))
        lines.append(f"members of {groups} may ask (OPSCTL_MEMBERS_OF)")
    if config.allowed_groups:
        groups = ", ".join(map(str, config.allowed_groups))
        lines.append(f"everybody may ask in {groups} (OPSCTL_ALLOWED_GROUPS)")
    if links := sum(invite.is_open for invite in Invites(store).all()):
        lines.append(f"links that let people in: {links} (opsctl users invites)")
    return lines
