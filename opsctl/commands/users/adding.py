"""opsctl users add: a list of people, as a spreadsheet saves it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant import settings
from indexer.errors import UsageError, UserError
from opsctl import output
from opsctl.commands.users.people import (
    Days,
    RoleName,
    check_role,
    end_of,
    id_of,
    keep_an_admin,
    open_store,
)

if TYPE_CHECKING:
    from bot.door.people import Role

MOST_BYTES = 10_000_000
HEADS = {
    "id": "id", "user": "id", "user_id": "id", "telegram": "id", "telegram_id": "id", "ид": "id",
    "name": "name", "имя": "name", "фио": "name", "role": "role", "роль": "role",
}  # fmt: skip
ORDER = ("id", "name", "role")


@dataclass(frozen=True)
class Line:
    """A person of the file."""

    user: int
    name: str
    role: "Role | None"


def add(
    file: Annotated[Path, typer.Argument(help="csv: id, and if wanted name and role.")],
    days: Days = None,
    role: RoleName = None,
) -> None:
    """Let in everybody of a csv file; they may ask at once. A wrong line is told by its number."""
    from bot.door.people import People
    from bot.door.requests import BY_OPSCTL, Requests

    default, until = check_role(role), end_of(days)
    lines, wrong = read(file)
    config = settings.load()
    store = open_store(config)
    people, requests = People(store), Requests(store)
    roles = {line.user: line.role or default for line in lines}
    if until or "admin" not in roles.values():
        lowered = [user for user, role in roles.items() if until or role]
        keep_an_admin(config, store, lowered)
    with store.transaction():
        known = sum(people.knows(line.user) for line in lines)
        for line in lines:
            chosen = roles[line.user]
            requests.admit([line.user], BY_OPSCTL, role=chosen, until=until, anew=True)
            people.let_in(line.user, line.name, how="list", role=chosen, until=until)
    output.note(f"let in: {len(lines)}" + (f", {known} of them before" if known else ""))
    for sentence in wrong:
        output.note(sentence)
    if wrong:
        raise UserError(f"{len(wrong)} lines of {file} let nobody in", "mend them, then once more")


def read(file: Path) -> tuple[list[Line], list[str]]:
    """The people of a file, each once, and what is wrong in which line. Raises UserError."""
    people: dict[int, Line] = {}
    wrong = []
    order: tuple[str, ...] = ORDER
    for number, cells in _rows(file):
        if number == 1 and (head := _head(cells)):
            order = head
            continue
        values = dict(zip(order, cells, strict=False))
        try:
            line = _line(values)
        except UsageError as error:
            wrong.append(f"line {number}: {error.message}")
        else:
            people[line.user] = line
    if not people and not wrong:
        raise UsageError(f"{file} holds nobody", "a line for each person: 123456789,Anna Ivanova")
    return list(people.values()), wrong


def _line(values: dict[str, str]) -> Line:
    role = values.get("role", "").lower()
    return Line(id_of(values.get("id", "")), values.get("name", ""), check_role(role or None))


def _head(cells: list[str]) -> tuple[str, ...]:
    """The columns that the first line names; none where it is a person."""
    names = tuple(HEADS.get(cell.lower().replace(" ", "_"), "") for cell in cells)
    return names if "id" in names else ()


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    text = _text(file)
    first = text.partition("\n")[0]
    mark = max(";,\t", key=first.count)
    reader = csv.reader(text.splitlines(), delimiter=mark)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, [cell.strip() for cell in cells]


def _text(file: Path) -> str:
    """The text of the file, in the encodings that spreadsheets write. Raises UserError."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror})", f"ls -l {file}") from error
    if b"\0" in data or len(data) > MOST_BYTES:
        raise UsageError(f"{file} is not a csv file", "save the table as csv")
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(f"{file} is neither UTF-8 nor cp1251", "save the table as csv in UTF-8")
