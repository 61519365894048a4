"""Plain text: encodings, size, page borders."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.readers import Page, Unreadable, read
from tests.indexer.sample_files import CONTRACT

SHORT = (
    "Привет, это короткая записка",
    "ДОГОВОР ПОСТАВКИ ТОВАРА",
    "Сервер Docker и модель на GPU",
    "«Акт сверки» № 5 — подписан сторонами",
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "koi8-r", "cp866")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", [*SHORT, CONTRACT, f"{CONTRACT}\n\n" * 3000])
def test_russian_is_read_in_every_encoding(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "a.txt"
    data = text.encode(encoding, "ignore")
    path.write_bytes(data)
    expected = data.decode(encoding).strip()
    assert "\n\n".join(page.text for page in read(path)) == expected


@pytest.mark.parametrize("encoding", ["ascii", "utf-16-le", "utf-16-be", "utf-16"])
def test_plain_english_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.log"
    path.write_bytes("Started the server, all is well.".encode(encoding))
    assert list(read(path)) == [Page("Started the server, all is well.")]


@pytest.mark.parametrize("text", ["The café by François costs £5", "Über die Brücke, süße Mädchen"])
def test_western_letters_are_not_taken_for_russian(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode("cp1252"))
    assert list(read(path)) == [Page(text)]


def test_a_dos_table_is_read(tmp_path: Path) -> None:
    table = "┌──────────┬───────┐\n│ Название │ Цена  │\n├──────────┼───────┤\n│ Винт     │ 12,50 │"
    path = tmp_path / "a.txt"
    path.write_bytes(table.encode("cp866"))
    assert list(read(path)) == [Page(table)]


def test_russian_far_behind_english_decides_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"ok, nothing to see\n" * 200_000 + CONTRACT.encode("cp1251") + b"\nok" * 9)
    assert any(CONTRACT in page.text for page in read(path))


@pytest.mark.parametrize("place", [0.001, 0.5, 0.999])
def test_one_broken_byte_does_not_lose_a_file(tmp_path: Path, place: float) -> None:
    data = bytearray(f"{CONTRACT}\n".encode() * 1000)
    data[int(len(data) * place)] = 0xFF
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    text = "\n".join(page.text for page in read(path))
    assert text.count(CONTRACT) == 999
    assert "\ufffd" in text


@pytest.mark.parametrize(
    "junk",
    [
        random.Random(7).randbytes(5000),
        bytes(4000),
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9,
        b"Title\n" + bytes(range(32)) * 100,
        b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0\x3e\0\1\0\0\0" * 99,
    ],
    ids=["random", "zeros", "png", "control", "elf"],
)
def test_binary_is_not_text(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(junk)
    with pytest.raises(Unreadable, match=r"^not text: "):
        list(read(path))


@pytest.mark.parametrize("blank", [" \n\t\r\n", "\ufeff", "\u200b \n", "\f\f\n"])
def test_a_file_of_spaces_is_empty(tmp_path: Path, blank: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(blank, encoding="utf-8")
    with pytest.raises(Unreadable, match=r"^empty$"):
        list(read(path))


def test_control_characters_are_dropped_and_line_ends_made_alike(tmp_path: Path) -> None:
    text = "Первая строка текста\r\nвторая\x00 строка\rтретья\tстрока \x1bконец\x07 " + CONTRACT * 9
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    start = "Первая строка текста\nвторая строка\nтретья\tстрока конец "
    assert list(read(path)) == [Page(start + CONTRACT * 9)]


def test_form_feeds_number_the_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("один\f\fтри\n\f" + "слово " * 20_000 + "\f", encoding="utf-8")
    pages = list(read(path))
    assert pages[:2] == [Page("один", 1), Page("три", 3)]
    assert [page.number for page in pages[2:]] == [4, 4]


def test_text_has_its_headings(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "ПРАВИЛА ВИВАРИЯ\n\nГлава 1. Корм\n\nСтатья 1. Хорьки\n\nФарш.\n\n"
        "Глава 2\n\n1. Уборка\n\nПо средам.\nИ по пятницам.\n\nЯщики\n-----\n\nМыть.",
        encoding="utf-8",
    )
    assert list(read(path)) == [
        Page("Фарш.", heading="ПРАВИЛА ВИВАРИЯ › Глава 1. Корм › Статья 1. Хорьки"),
        Page("Глава 2", heading="ПРАВИЛА ВИВАРИЯ"),
        Page("По средам.\nИ по пятницам.", heading="ПРАВИЛА ВИВАРИЯ › 1. Уборка"),
        Page("Мыть.", heading="ПРАВИЛА ВИВАРИЯ › 1. Уборка › Ящики"),
    ]


def test_a_heading_holds_over_long_text_and_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Раздел 1\n\n" + "слово " * 20_000 + "\n\n\fдело", encoding="utf-8")
    assert {(page.number, page.heading) for page in read(path)} == {
        (1, "Раздел 1"), (2, "Раздел 1"),
    }  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "cp1251"])
def test_form_feeds_are_found_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(f"{CONTRACT}\f{CONTRACT}".encode(encoding, "ignore"))
    assert [page.number for page in read(path)] == [1, 2]


@pytest.mark.parametrize(
    ("unit", "end"), [("слово " * 50 + "\n\n", "слово"), ("слово " * 50 + "\n", "слово")]
)
def test_long_text_is_cut_at_paragraphs_or_lines(tmp_path: Path, unit: str, end: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(unit * 1000, encoding="utf-8")
    pages = list(read(path))
    assert len(pages) > 3
    assert all(len(page.text) <= 65536 and page.text.endswith(end) for page in pages)
    assert all(page.text.count("слово") % 50 == 0 for page in pages)
    assert sum(page.text.count("слово") for page in pages) == 50_000


@pytest.mark.parametrize("unit", ["слово ", "х"])
def test_a_very_long_line_is_cut(tmp_path: Path, unit: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(unit * 300_000, encoding="utf-8")
    pages = list(read(path))
    assert all(len(page.text) <= 65536 for page in pages)
    assert sum(page.text.count(unit.strip()) for page in pages) == 300_000
    assert all(set(page.text.split()) == {"слово"} for page in pages if " " in unit)


MEASURE = """
import resource, sys
from pathlib import Path
from indexer.readers import read
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
size = sum(len(page.text) for page in read(Path(sys.argv[1])))
print(size, peak() - before)
"""


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_a_huge_file_needs_little_memory(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    line = f"{CONTRACT}\n".encode(encoding)
    path.write_bytes(line * (60_000_000 // len(line)))
    run = [sys.executable, "-c", MEASURE, str(path)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    size, grown = map(int, done.stdout.split())
    assert size > 30_000_000
    assert grown < 30, f"{grown} MB"
