"""The one place that prints: data on stdout, everything said about it on stderr."""

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.text import printable

BAR_WIDTH = 40
TIME_LEFT = 7  # columns of 0:00:00
SPEED_SECONDS = 300  # whose mean tells the time left: a step of a training may take a minute


_typed = ""  # what a person typed before a command
_start: Path | None = None  # where
_command = re.compile("(?!)")


def keep_folder(folder: Path, commands: Iterable[str]) -> None:
    """Let each of these commands that is named be one of the project in a folder, as by -C."""
    global _typed, _start, _command
    _typed, _start = f" -C {shlex.quote(str(folder))}", Path.cwd()
    _command = re.compile(rf"(?<![\w/.-])opsctl(?= (?:(?:{'|'.join(commands)})\b|…))")


def write(text: str, end: str = "\n") -> None:
    """Print data."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def tell(text: str) -> None:
    """Print data that may name commands."""
    write(_with_folder(text))


def _with_folder(text: str) -> str:
    return _command.sub(lambda named: named[0] + _typed, text)


def write_json(value: object) -> None:
    """Print data as one JSON document; Russian stays readable."""
    write(json.dumps(value, ensure_ascii=False, indent=2))


def write_json_line(value: object) -> None:
    write(json.dumps(value, ensure_ascii=False))


def write_table(rows: Sequence[Sequence[object]]) -> None:
    """Print rows in aligned columns; the first row is the head."""
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        columns = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        write("  ".join(columns).rstrip())


def note(text: str) -> None:
    """Say something that is not data."""
    sys.stderr.write("\n".join(map(printable, _with_folder(text).split("\n"))) + "\n")
    sys.stderr.flush()


def program() -> str:
    """How opsctl can be called for this project from where it was called."""
    return called() + _typed


def called() -> str:
    """The name of opsctl, or its path where that is not on PATH."""
    path, here = Path(sys.argv[0]), _start or Path.cwd()
    if path.name != "opsctl" or shutil.which("opsctl"):
        return "opsctl"
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)


def error(message: str, hint: str = "") -> None:
    """Say what failed and which command helps."""
    note(f"error: {message}")
    if hint:
        note(f"hint: {hint}")


def size(amount: float) -> str:
    """A number of bytes in words, in powers of 1000 as the Hub shows them."""
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            digits = 0 if amount >= 100 or unit == "B" else 1
            return f"{amount:.{digits}f} {unit}"
        amount /= 1000
    return f"{amount:.2f} GB"


def age(seconds: float) -> str:
    """A time in its largest whole unit."""
    seconds = max(0, int(seconds))
    for whole, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= whole:
            return f"{seconds // whole} {unit}"
    return f"{seconds} s"


@contextmanager
def progress_bar(
    label: str, shown: Callable[[int], str] = str
) -> Iterator[Callable[[int, int, str], None]]:
    """Give a function (done, total, text): a bar on a terminal, else a line each tenth."""
    if sys.stderr.isatty():
        with _rich_bar(label, shown) as advance:
            yield advance
    else:
        yield _line_per_tenth(label, shown)


@contextmanager
def _rich_bar(label: str, shown: Callable[[int], str]) -> Iterator[Callable[[int, int, str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    bar = min(BAR_WIDTH, max(8, console.width // 4))
    columns: list[Any] = [
        TextColumn("{task.description}"),
        BarColumn(bar),
        TextColumn("{task.fields[amount]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}", markup=False),
    ]
    with Progress(
        *columns, console=console, transient=True, speed_estimate_period=SPEED_SECONDS
    ) as progress:
        task = progress.add_task(label, total=None, text="", amount="")

        def advance(done: int, total: int, text: str) -> None:
            amount = f"{shown(done)}/{shown(total)}"
            room = console.width - len(label) - bar - len(amount) - TIME_LEFT - len(columns)
            words = _shortened(printable(text), room)
            progress.update(task, completed=done, total=total, text=words, amount=amount)

        yield advance


def _shortened(text: str, room: int) -> str:
    """The beginning of the text where it has no room, or nothing where there is hardly any."""
    if len(text) <= room:
        return text
    return f"{text[: room - 1]}…" if room >= 8 else ""


def _line_per_tenth(label: str, shown: Callable[[int], str]) -> Callable[[int, int, str], None]:
    said = 0

    def advance(done: int, total: int, text: str) -> None:
        nonlocal said
        tenth = 10 * done // total if total else 0
        if tenth > said:
            said = tenth
            note(f"{label}: {shown(done)}/{shown(total)}")

    return advance
