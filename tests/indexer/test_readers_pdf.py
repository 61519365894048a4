"""PDF: pages, encryption, damage, scans, size."""

from __future__ import annotations

import logging
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.readers import Page, Unreadable, read
from tests.indexer.sample_files import CONTRACT, encrypted_pdf, pdf
from tests.indexer.test_readers_text import MEASURE


def read_bytes(folder: Path, data: bytes) -> list[Page]:
    path = folder / "a.pdf"
    path.write_bytes(data)
    return list(read(path))


def test_each_page_keeps_its_number(tmp_path: Path) -> None:
    pages = read_bytes(tmp_path, pdf(["Первая страница", "Second page", "Третья"]))
    assert pages == [Page("Первая страница", 1), Page("Second page", 2), Page("Третья", 3)]


def test_a_password_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"^encrypted: save a copy without a password$"):
        read_bytes(tmp_path, encrypted_pdf(["Тайна"], "secret"))


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_an_empty_password_is_tried(tmp_path: Path, algorithm: str) -> None:
    pages = read_bytes(tmp_path, encrypted_pdf(["Не тайна"], "", algorithm))
    assert pages == [Page("Не тайна", 1)]


@pytest.mark.parametrize(
    ("count", "where"), [(1, "on its only page"), (12, "on any of its 12 pages")]
)
def test_pages_without_text_are_refused(tmp_path: Path, count: int, where: str) -> None:
    with pytest.raises(Unreadable, match=f"^no text {where}$"):
        read_bytes(tmp_path, pdf([b"0 0 600 850 re f"] * count))


def test_pages_without_text_are_shown_as_such(tmp_path: Path) -> None:
    blank = b"0 0 600 850 re f"
    pages = read_bytes(tmp_path, pdf([blank, blank, "Текст", blank, "Ещё", blank]))
    assert [page.text for page in pages] == ["", "", "Текст", "", "Ещё", ""]
    assert [page.number for page in pages] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "bad",
    [b"BT /F1 10 Tf (\xff", b"BT /F9 ( Tj [[[[ <zz> TJ ET", b"[" * 5000, b"<<" * 5000],
    ids=["cut", "nonsense", "deep list", "deep dictionary"],
)
def test_a_bad_page_does_not_lose_the_others(tmp_path: Path, bad: bytes) -> None:
    pages = read_bytes(tmp_path, pdf(["Первая", bad, "Третья"]))
    assert (pages[0], pages[-1]) == (Page("Первая", 1), Page("Третья", 3))
    assert [page.number for page in pages] == [1, 2, 3]


def test_a_page_that_does_not_unpack_does_not_lose_the_others(tmp_path: Path) -> None:
    packed = zlib.compress(b"BT ET")
    broken = b"<</Filter/FlateDecode/Length 9>>stream\n" + b"\0junk\0\0\0\0" + packed[:0]
    data = pdf(["Первая", b"MARK", "Третья"])
    data = data.replace(b"<</Length 4>>stream\nMARK", broken)
    texts = [page.text for page in read_bytes(tmp_path, data)]
    assert texts == ["Первая", "", "Третья"]


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.8, 0.95, 0.99])
def test_a_cut_file_gives_pages_or_a_reason(tmp_path: Path, share: float) -> None:
    whole = pdf([f"Страница {number}. {CONTRACT}" for number in range(1, 21)])
    try:
        pages = read_bytes(tmp_path, whole[: int(len(whole) * share)])
    except Unreadable as error:
        assert str(error).startswith(("damaged PDF: ", "no text on "))
    else:
        assert any("Страница" in page.text for page in pages)


@pytest.mark.parametrize("step", [7, 50, 211, 1009])
def test_flipped_bytes_never_give_a_traceback(tmp_path: Path, step: int) -> None:
    data = bytearray(pdf([CONTRACT] * 5))
    for place in range(step, len(data), step):
        data[place] ^= 0x5A
    try:
        read_bytes(tmp_path, bytes(data))
    except Unreadable as error:
        assert str(error).startswith(("damaged PDF: ", "no text on ", "encrypted"))


def test_a_lost_table_of_objects_is_rebuilt(tmp_path: Path) -> None:
    data = pdf(["Первая", "Вторая"])
    start = data.rindex(b"xref\n0")
    end = b"trailer<</Size 99/Root 1 0 R>>\nstartxref\n7\n%%EOF"
    pages = read_bytes(tmp_path, data[:start] + end)
    assert [page.text for page in pages] == ["Первая", "Вторая"]


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"<html>not found</html>", b"\0" * 500])
def test_what_is_no_pdf_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^damaged PDF: "):
        read_bytes(tmp_path, data)


@pytest.mark.parametrize(
    ("typeset", "text"),
    [
        ("научно-исследовательский инсти-\nтут", "научно-исследовательский институт"),
        ("the imple-\nmentation", "the implementation"),
        ("инсти\u00ad\nтут и мяг\u00adкий", "институт и мягкий"),
        ("Санкт-\nПетербург", "Санкт-\nПетербург"),
        ("за 2020-\n2021 годы", "за 2020-\n2021 годы"),
        ("кто-\nлибо", "кто-\nлибо"),
        ("Цена\nСрок", "Цена\nСрок"),
        ("ﬁnal oﬀer", "final offer"),
    ],
)
def test_words_are_joined_at_line_ends(tmp_path: Path, typeset: str, text: str) -> None:
    assert read_bytes(tmp_path, pdf([typeset])) == [Page(text, 1)]


def test_wrapped_lines_become_paragraphs_and_lists_stay(tmp_path: Path) -> None:
    typeset = """1. Предмет договора
Поставщик обязуется передать в собственность Покупателя товар,
а Покупатель обязуется принять его и оплатить в порядке и сроки,
установленные настоящим договором.
Второй абзац начинается здесь и тоже занимает больше строки, чем
помещается на листе.
Стороны согласовали следующие условия поставки товара на склады:
- доставка силами Поставщика до склада Покупателя в Екатеринбурге
и разгрузка;
- страхование.
2) Цена"""
    expected = """1. Предмет договора
Поставщик обязуется передать в собственность Покупателя товар, \
а Покупатель обязуется принять его и оплатить в порядке и сроки, \
установленные настоящим договором.
Второй абзац начинается здесь и тоже занимает больше строки, чем помещается на листе.
Стороны согласовали следующие условия поставки товара на склады:
- доставка силами Поставщика до склада Покупателя в Екатеринбурге и разгрузка;
- страхование.
2) Цена"""
    assert read_bytes(tmp_path, pdf([typeset])) == [Page(expected, 1)]


def test_pypdf_keeps_quiet(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = pdf(["Первая"])
    with caplog.at_level(logging.WARNING):
        read_bytes(tmp_path, data.replace(b"startxref\n", b"startxref\n9"))
    assert caplog.records == []


def test_thousands_of_pages_need_little_memory(
    tmp_path: Path, size: Callable[[int, int], int]
) -> None:
    pages = size(3000, 1500)
    line = b"(A line of a contract that is as long as lines of contracts often are) Tj T* "
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([b"BT /F1 10 Tf 14 TL 50 800 Td " + line * 15 + b"ET"] * pages))
    run = [sys.executable, "-c", MEASURE, str(path)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    characters, grown = map(int, done.stdout.split())
    assert characters > 1000 * pages
    assert grown < 120, f"{grown} MB"
