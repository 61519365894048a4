"""JSON and JSON lines as records: fields with their names, lists of objects as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from indexer.readers.letters.encoding import BLOCK, detect
from indexer.readers.page import Page, Table, Unreadable, row
from indexer.readers.sections import Sections

MAX_MB = 32
LINE_MB = 16
DEPTH = 8  # what lies deeper is shown as it is written
MOST_COLUMNS, LONGEST_CELL, LOOK_AHEAD = 20, 300, 100
LONGEST_VALUE = 100_000  # characters

_TITLES = ("title", "name", "subject", "question", "название", "имя", "фио", "заголовок", "id")
Record = dict[str, str]


def read(path: Path) -> Iterator[Page]:
    """The values under the names that they have."""
    sections = Sections()
    write(parsed(path, MAX_MB), sections)
    yield from sections.take(last=True)


def read_lines(path: Path) -> Iterator[Page]:
    """A record a line; lines that are none are counted."""
    sections, bad = Sections(), [0, 0]
    for _ in _added(_lines(path, bad), sections, 1):
        yield from sections.take()
    yield from sections.take(last=True)
    if bad[0]:
        told = f"{bad[0]} of {bad[1]} lines are not JSON"
        if bad[0] == bad[1]:
            raise Unreadable(f"damaged: {told}")
        yield Page("", left_out=told)


def parsed(path: Path, most_mb: int) -> Any:
    """What a JSON file holds."""
    size = path.stat().st_size / 1e6
    if size > most_mb:
        raise Unreadable(f"too large for JSON: {size:.0f} MB, the limit is {most_mb} MB")
    text = path.read_text(encoding=detect(path), errors="replace").lstrip("\ufeff")
    if not text.strip():
        raise Unreadable("empty")
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        raise Unreadable("damaged: JSON nested too deep") from None
    except ValueError as error:
        raise Unreadable(f"damaged JSON: {str(error)[:100]}") from error


def _lines(path: Path, bad: list[int]) -> Iterator[Any]:
    """The values; counts lines that are none, and all."""
    with path.open(encoding=detect(path), errors="replace") as file:
        while line := file.readline(LINE_MB * BLOCK):
            line = line.strip("\ufeff \t\r\n")
            if not line:
                continue
            bad[1] += 1
            try:
                yield json.loads(line, strict=False)
            except (ValueError, RecursionError):
                bad[0] += 1


def write(value: Any, sections: Sections, level: int = 1) -> None:
    """Add a value that is no member of another: its fields, or its members as rows or sections."""
    if isinstance(value, list):
        for _ in _added(iter(value), sections, level):
            pass
    elif isinstance(value, dict):
        _object(value, sections, level)
    else:
        sections.add(_text(value))


def _object(value: Mapping[str, Any], sections: Sections, level: int) -> None:
    """Fields first, then what has members of its own, under its name."""
    deep = {name: each for name, each in value.items() if _is_deep(each) and level <= DEPTH}
    for name, each in value.items():
        if name not in deep:
            _field(str(name), _text(each), sections)
    for name, each in deep.items():
        sections.heading(level, str(name)[:LONGEST_CELL] or "…")
        write(each, sections, level + 1)


def _added(values: Iterator[Any], sections: Sections, level: int) -> Iterator[None]:
    """Add a list, one after another: rows of a table where the records are alike and short."""
    first = list(islice(values, LOOK_AHEAD))
    columns = _columns(first)
    table = Table(header=row(columns)) if columns else None
    if table:
        sections.add(table.header, "row", table=table)
    for number, value in enumerate(chain(first, values), 1):
        if table and isinstance(value, dict):
            sections.add(_row(value, columns), "row", table=table)
        elif isinstance(value, dict):
            _record(value, number, sections, level)
        else:
            sections.add(f"- {_text(value)}" if _text(value) else "", "item")
        yield


def _columns(values: list[Any]) -> list[str]:
    """The names that these records share, none where they are no table."""
    if len(values) < 2 or not all(isinstance(value, dict) for value in values):
        return []
    flat = [_flat(value) for value in values]
    names = list(dict.fromkeys(chain.from_iterable(flat)))
    filled = sum(map(len, flat))
    short = all(len(text) <= LONGEST_CELL for record in flat for text in record.values())
    alike = 2 * filled >= len(names) * len(flat)
    return names if short and alike and len(names) <= MOST_COLUMNS else []


def _row(value: Mapping[str, Any], columns: list[str]) -> str:
    """The values by column; those of other names behind them, with these."""
    record = _flat(value)
    more = [f"{name}: {text}" for name, text in record.items() if name not in columns and text]
    return row([record.get(name, "") for name in columns] + more)


def _record(value: Mapping[str, Any], number: int, sections: Sections, level: int) -> None:
    """One record under its title, a field a line."""
    names = {str(name).lower(): text for name, text in value.items() if not _is_deep(text)}
    title = next((_text(names[name]) for name in _TITLES if names.get(name)), "")
    sections.heading(level, title[:LONGEST_CELL] or f"№ {number}", seen=False)
    for name, text in _flat(value).items():
        _field(name, text, sections)


def _field(name: str, text: str, sections: Sections) -> None:
    if not text:
        return
    if "\n" in text.strip() or len(text) > LONGEST_CELL:
        sections.add(f"{name}:", "field")
        for paragraph in text[:LONGEST_VALUE].split("\n\n"):
            sections.add(paragraph)
    else:
        sections.add(f"{name}: {text}", "field")


def _flat(value: Mapping[str, Any]) -> Record:
    """The values of a record, those of objects in it by "outer.inner"."""
    flat: Record = {}
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        place, each, depth = waiting.pop()
        if isinstance(each, dict) and depth < DEPTH:
            inner = [(f"{place}.{name}".lstrip("."), one, depth + 1) for name, one in each.items()]
            waiting += reversed(inner)
        else:
            flat[place] = _text(each)
    return flat


def _is_deep(value: Any) -> bool:
    """Whether a value has members that are to stand under its name."""
    if isinstance(value, list):
        return any(isinstance(each, dict) for each in value)
    return isinstance(value, dict) and bool(value)


def _text(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return ""
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return ", ".join(filter(None, map(_text, value)))
    return value if isinstance(value, str) else _written(value)


def _written(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""
