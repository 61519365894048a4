"""Rows of a data set: a question, its description and an answer, in JSON lines or Parquet."""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.extras import need
from core.text import printable

SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet")
COLUMNS = ("question", "description", "answer")
HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # JSON can hold it, UTF-8 cannot
A_LINE = f"each line is to be a JSON object with {', '.join(COLUMNS)}"
BATCH = 1_000  # rows of a Parquet file that are in memory at a time
Progress = Callable[[int], None]  # bytes of the file that are behind


@dataclass(frozen=True)
class Row:
    """A pair to learn from; `description` is what the asker added, and may be empty."""

    question: str
    description: str
    answer: str


def data_files(path: Path) -> list[Path]:
    """The file, or the data files below a folder, sorted. Raise UserError when there are none."""
    shown, kinds = printable(str(path)), ", ".join("*" + suffix for suffix in SUFFIXES)
    if not path.exists():
        raise UserError(f"there is no data set {shown}", f"a file or a folder of {kinds}")
    if path.is_file():
        if not path.name.lower().endswith(SUFFIXES):
            raise UserError(f"{shown} is not a data file that can be read", f"these can: {kinds}")
        return [path]
    found = [file for file in path.rglob("*") if file.name.lower().endswith(SUFFIXES)]
    files = sorted(file for file in found if file.is_file() and not file.name.startswith("."))
    if not files:
        raise UserError(f"the folder {shown} holds no data files", f"put {kinds} there")
    return files


def columns(file: Path) -> list[str]:
    """The columns of a data file, those of its first line for JSON; none in an empty file."""
    if file.name.lower().endswith(".parquet"):
        return list(_parquet(file).schema_arrow.names)
    return next((list(value) for value in _json_lines(file, lambda done: None)), [])


def read_rows(path: Path, wanted: Sequence[str] = COLUMNS) -> Iterator[Row]:
    """All rows of a file or a folder; a cell that holds no text is "". Raises UserError."""
    for file in data_files(path):
        if present := columns(file):
            require(file, present, wanted)
            yield from read_file(file)


def read_file(file: Path, progress: Progress = lambda done: None) -> Iterator[Row]:
    """The rows of one data file; a cell that holds no text is "". Raises UserError."""
    parquet = file.name.lower().endswith(".parquet")
    for value in (_parquet_rows if parquet else _json_lines)(file, progress):
        yield Row(*(_text(value.get(column)) for column in COLUMNS))


def require(file: Path, present: Sequence[str], wanted: Sequence[str] = COLUMNS) -> None:
    """Raise UserError, naming the columns that are there, when one is missing."""
    if missing := [column for column in wanted if column not in present]:
        there = ", ".join(printable(name) for name in present)
        raise UserError(
            f"{printable(str(file))} has no column {', '.join(missing)}; it has: {there}",
            f"rename its columns to: {', '.join(COLUMNS)}",
        )


def read_prepared(file: Path) -> list[Row]:
    """The rows of train.jsonl or eval.jsonl. Raises UserError."""
    if not file.is_file():
        raise UserError(f"there is no {printable(str(file))}", "opsctl train prepare")
    return list(read_rows(file))


def write_rows(file: Path, rows: Iterable[Row]) -> int:
    """Write JSON lines; return how many."""
    count = 0
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        for row in rows:
            stream.write(json_line(row))
            count += 1
    return count


def json_line(row: Row) -> str:
    """A row as it is written, with the end of the line."""
    return json.dumps(asdict(row), ensure_ascii=False) + "\n"


def _text(cell: object) -> str:
    return HALF_CHARACTER.sub("\ufffd", cell).strip() if isinstance(cell, str) else ""


def _json_lines(file: Path, progress: Progress) -> Iterator[dict[str, Any]]:
    with file.open("rb") as raw:
        packed = file.name.lower().endswith(".gz")
        stream = gzip.GzipFile(fileobj=raw) if packed else raw
        try:
            for number, line in enumerate(stream, 1):
                progress(raw.tell())
                if line.strip():
                    yield _object(file, number, line)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise _damaged(file, "not a complete gzip file") from error


def _object(file: Path, number: int, line: bytes) -> dict[str, Any]:
    place = f"{printable(str(file))}:{number}"
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError(f"{place} is not in UTF-8", "iconv -f cp1251 -t utf-8 converts") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{place} is not one JSON value", A_LINE) from error
    if not isinstance(value, dict):
        raise UserError(f"{place} is not a JSON object", A_LINE)
    return value


def _parquet_rows(file: Path, progress: Progress) -> Iterator[dict[str, Any]]:
    source = _parquet(file)
    rows, size, done = max(source.metadata.num_rows, 1), file.stat().st_size, 0
    names = [name for name in COLUMNS if name in source.schema_arrow.names]
    batches = source.iter_batches(BATCH, columns=names)
    while batch := _whole(file, lambda: next(batches, None)):
        yield from batch.to_pylist()
        done += batch.num_rows
        progress(size * done // rows)


def _parquet(file: Path) -> Any:
    return _whole(file, lambda: need("train", "pyarrow.parquet").ParquetFile(file))


def _whole(file: Path, read: Callable[[], Any]) -> Any:
    """What `read` returns; raise UserError when the file is damaged."""
    arrow = need("train", "pyarrow")
    try:
        return read()
    except (arrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _damaged(file, "not a complete Parquet file") from error


def _damaged(file: Path, what: str) -> UserError:
    return UserError(f"{printable(str(file))} is {what}", "copy or download it again")
