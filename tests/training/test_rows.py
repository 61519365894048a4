"""Reading and writing rows: the formats, and files that are not what they should be."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import UserError
from tests.training.synthetic_rows import make_rows, write_lines
from training.data.rows import Row, read_prepared, read_rows, write_rows

ROWS = make_rows(5, seed=1)


def parquet(path: Path, values: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(values), path)
    return path


def test_the_same_rows_come_from_every_format(tmp_path: Path) -> None:
    plain = write_lines(tmp_path / "a.jsonl", ROWS)
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    table = parquet(tmp_path / "c.parquet", [{"id": 1, **vars(row)} for row in ROWS])
    for path in (plain, packed, table):
        assert list(read_rows(path)) == ROWS
    assert list(read_rows(tmp_path)) == ROWS * 3


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rows = [*ROWS, Row("Ёж?", "", 'две\nстроки, "кавычки" \u2028и')]
    assert write_rows(tmp_path / "train.jsonl", rows) == len(rows)
    assert read_prepared(tmp_path / "train.jsonl") == rows
    with pytest.raises(UserError, match="there is no"):
        read_prepared(tmp_path / "eval.jsonl")


def test_cells_that_are_no_text_are_empty(tmp_path: Path) -> None:
    values: list[Mapping[str, object]] = [
        {"question": "a", "description": None, "answer": 5},
        {"question": ["x"], "description": " \n", "answer": " b "},
        {"question": "c"},
    ]
    wanted = [Row("a", "", ""), Row("", "", "b"), Row("c", "", "")]
    assert list(read_rows(write_lines(tmp_path / "a.jsonl", values))) == wanted
    table = parquet(tmp_path / "a.parquet", [{"question": "a", "description": None, "answer": 5}])
    assert list(read_rows(table)) == wanted[:1]


def test_half_a_pair_of_surrogates_can_be_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"question": "a\\ud800b", "description": "", "answer": "c"}\n')
    write_rows(tmp_path / "b.jsonl", read_rows(path))
    assert [row.question for row in read_prepared(tmp_path / "b.jsonl")] == ["a\ufffdb"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"question": "a"', "is not one JSON value"),
        (b"[1, 2]", "is not a JSON object"),
        ('{"question": "ё"}'.encode("cp1251"), "is not in UTF-8"),
        (b"[" * 100_000, "is not one JSON value"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: bytes, said: str) -> None:
    path = write_lines(tmp_path / "a.jsonl", ROWS)
    path.write_bytes(path.read_bytes() + b"\n" + line + b"\n")
    with pytest.raises(UserError, match=f"a.jsonl:7 {said}"):
        list(read_rows(path))


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    values = [{"title": "a", "question": "b", "description": "c"}]
    told = "has no column answer; it has: title, question, description"
    for path in (
        write_lines(tmp_path / "a.jsonl", values), parquet(tmp_path / "a.parquet", values),
    ):  # fmt: skip
        with pytest.raises(UserError, match=told):
            list(read_rows(path))


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl.gz"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    whole = gzip.compress(json.dumps(vars(ROWS[0])).encode() * 100)
    for content in (b"nonsense", whole[:-20], b"PAR1" + b"\0" * 50 + b"PAR1"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=f"{name} is not a complete"):
            list(read_rows(tmp_path))


def test_a_place_without_data_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no data files"):
        list(read_rows(tmp_path))
    with pytest.raises(UserError, match="there is no data set"):
        list(read_rows(tmp_path / "absent"))
    (tmp_path / "a.csv").write_text("question,answer\n")
    with pytest.raises(UserError, match="is not a data file"):
        list(read_rows(tmp_path / "a.csv"))
