"""Tables in text: encodings, delimiters, headers, and what is no table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from indexer.readers import Page, Unreadable, read


def kinds(path: Path) -> list[tuple[str, str]]:
    return [
        (block.kind, page.text[block.start : block.stop])
        for page in read(path)
        for block in page.blocks
    ]


def headers(path: Path) -> set[str]:
    return {block.table.header for page in read(path) for block in page.blocks if block.table}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_comma_in_the_header_divides_nothing(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "a.csv"
    lines = ("Товар;Цена, руб.", "Винт;12,50", "Гайка стальная;3,20", "")
    path.write_bytes(end.join(lines).encode(encoding))
    assert list(read(path)) == [Page("Товар | Цена, руб.\nВинт | 12,50\nГайка стальная | 3,20")]
    assert headers(path) == {"Товар | Цена, руб."}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_every_delimiter_is_found(tmp_path: Path, delimiter: str, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    lines = (["Имя", "Отдел", "Стаж"], ["Анна", "Касса", "3"], ["Пётр", "Склад", "5"])
    path.write_text("\n".join(map(delimiter.join, lines)))
    assert list(read(path)) == [Page("Имя | Отдел | Стаж\nАнна | Касса | 3\nПётр | Склад | 5")]


def test_decimal_commas_beside_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1,5;2,5;3,5\n4,5;5,5;6,5\n")
    assert list(read(path)) == [Page("1,5 | 2,5 | 3,5\n4,5 | 5,5 | 6,5")]


def test_quoted_cells_hold_delimiters_quotes_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('Имя,Заметка,Год\n"Иванов, Пётр","две\nстроки ""в кавычках""",2024\n')
    assert kinds(path)[1] == ("row", 'Иванов, Пётр | две строки "в кавычках" | 2024')


def test_a_lone_quotation_mark_swallows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = ['"Ромашка;1;шт', *(f"Товар {n};{n};шт" for n in range(500))]
    path.write_text("Название;Цена;Единица\n" + "\n".join(lines))
    assert len(kinds(path)) == 502
    path.write_text('Название;Цена;Единица\nВинт;1;шт\nТруба;2;шт\n"Ромашка;1;шт\nГайка;3;шт\n')
    assert kinds(path)[-1] == ("row", "Гайка | 3 | шт")


def test_a_file_without_a_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Винт;12;5\nГайка;3;7\n")
    assert kinds(path) == [("row", "Винт | 12 | 5"), ("row", "Гайка | 3 | 7")]
    assert headers(path) == {""}


def test_the_delimiter_that_is_declared_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("sep=,\nТовар,Цена\nВинт,5\n")
    assert list(read(path)) == [Page("Товар | Цена\nВинт | 5")]


def test_titles_stand_above_the_header(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Прайс-лист;;\nТовар;Цена;Склад\nВинт;5;А\n")
    assert kinds(path) == [
        ("caption", "Прайс-лист"),
        ("row", "Товар | Цена | Склад"),
        ("row", "Винт | 5 | А"),
    ]


def test_two_rows_of_a_header_whose_merging_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Статья;2024 год;;2025 год;\n;План;Факт;План;Факт\nРеактивы;1;2;3;4\n")
    header = "Статья | 2024 год / План | 2024 год / Факт | 2025 год / План | 2025 год / Факт"
    assert kinds(path) == [("row", header), ("row", "Реактивы | 1 | 2 | 3 | 4")]


@pytest.mark.parametrize(
    "text", ["Привет, это записка.", "Первая, длинная строка.\nВторая.\nИ третья, и ещё, вот."]
)
def test_what_is_no_table_is_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert kinds(path) == [("paragraph", text)]


def test_a_very_long_line_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Имя;Текст\nАнна;5\n" + "слово " * 1_000_000)
    assert sum(page.text.count("слово") for page in read(path)) == 1_000_000


def test_binary_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"MZ" + bytes(range(32)) * 100)
    with pytest.raises(Unreadable, match=r"^not text: "):
        list(read(path))


MEASURE = """
import sys
from pathlib import Path
from indexer.readers import read
rows = sum(page.text.count("\\n") + 1 for page in read(Path(sys.argv[1])))
print(rows, int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024)
"""


def test_many_rows_need_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Товар;Цена;Склад\n" + "Изделие стальное;12,50;А\n" * 100_000)
    run = [sys.executable, "-c", MEASURE, str(path)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    rows, grown = map(int, done.stdout.split())
    assert rows == 100_001
    assert grown < 30, f"{grown} MB"
