"""opsctl users add: a list of people, as a spreadsheet saves it."""

import codecs
import csv
import shlex
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core import settings
from core.errors import UsageError, UserError
from core.text import counted
from opsctl.commands.users.people import (
    Days,
    RoleName,
    check_role,
    end_of,
    id_of,
    keep_an_admin,
    open_store,
)
from opsctl.terminal import output

if TYPE_CHECKING:
    from bot.people.people import Role

MOST_BYTES = 10_000_000
HEADS = {
    "id": "id", "user": "id", "user_id": "id", "telegram": "id", "telegram_id": "id", "ид": "id",
    "name": "name", "имя": "name", "фио": "name", "role": "role", "роль": "role",
}  # fmt: skip
ORDER = ("id", "name", "role")


@dataclass(frozen=True)
class Line:
    """A person of the file."""

    number: int
    user: int
    name: str
    role: "Role | None"


def add(
    file: Annotated[Path, typer.Argument(help="csv: id, and if wanted name and role.")],
    days: Days = None,
    role: RoleName = None,
) -> None:
    """Let in everybody of a csv file; they may ask at once. Wrong lines are reported by number."""
    from bot.gate.requests import BY_OPSCTL, Requests
    from bot.people.people import People

    default, until = check_role(role), end_of(days)
    lines, wrong = read(file)
    _refuse_doubles(file, lines)
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
            requests.admit([line.user], BY_OPSCTL, role=chosen, until=until, again=True)
            people.let_in(line.user, line.name, how="list", role=chosen, until=until)
    output.note(f"let in: {len(lines)}" + (f", {known} of them before" if known else ""))
    for sentence in wrong:
        output.note(sentence)
    if wrong:
        sentence = f"nobody is let in by {counted(len(wrong), 'line')} of {file}"
        raise UserError(sentence, "fix these lines, then run it again")


def read(file: Path) -> tuple[list[Line], list[str]]:
    """The people of a file, and what is wrong in which line. Raises UserError."""
    people, wrong = [], []
    order: tuple[str, ...] = ORDER
    for number, cells in _rows(file):
        if number == 1 and (head := _head(cells)):
            order = head
            continue
        values = dict(zip(order, cells, strict=False))
        try:
            people.append(_line(number, values))
        except UsageError as error:
            wrong.append(f"line {number}: {error.message} ({error.hint})")
    if not people and not wrong:
        raise UsageError(f"{file} holds nobody", "a line for each person: 123456789,Anna Ivanova")
    return people, wrong


def _refuse_doubles(file: Path, lines: list[Line]) -> None:
    """Raise UserError where one person is in several lines: which of them is meant?"""
    numbers = defaultdict(list)
    for line in lines:
        numbers[line.user].append(str(line.number))
    doubles = {user: found for user, found in numbers.items() if len(found) > 1}
    for user, found in doubles.items():
        output.note(f"{user} is in lines {', '.join(found)}")
    if doubles:
        sentence = f"{file} has people more than once, and nobody was let in"
        raise UserError(sentence, "leave one line for each person, then run it again")


def _line(number: int, values: dict[str, str]) -> Line:
    user, role = id_of(values.get("id", "")), check_role(values.get("role", "").lower() or None)
    return Line(number, user, values.get("name", ""), role)


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
        path = file.absolute()
        hint = "ls -l " + shlex.quote(str(path))
        raise UserError(f"{path} cannot be read ({error.strerror})", hint) from error
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # Excel's "Unicode text"
    if (b"\0" in data and not wide) or len(data) > MOST_BYTES:
        raise UsageError(f"{file} is not a csv file", "save the table as csv")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1251"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(f"{file} is not in UTF-8, UTF-16 or cp1251", "save the table as csv in UTF-8")
