"""Excel of before 2007: cells as they are shown, merged heads, hidden sheets, notes."""

from pathlib import Path

import pytest

from indexer.readers import Unreadable, read
from tests.indexer.test_readers_docx_blocks import shown

SHEET = Path(__file__).with_name("office") / "sheet.xls"


def test_a_workbook_is_read_as_it_is_shown(tmp_path: Path) -> None:
    pages = list(read(SHEET))
    assert [page.heading for page in pages] == ["Цены", "Архив (скрытый лист)"]
    assert shown(pages) == [
        ("paragraph", "Прайс-лист склада"),
        ("row", "Товар | Цена / опт | Цена / розница | Скидка | Дата"),
        ("row", "Винт М8 | 1 450,00 ₽ | 1 600,50 ₽ | 15 % | 23.05.2025"),
        ("row", "Гайка М10 | 980,00 ₽ | 1 100,00 ₽ | 0 % | 01.06.2025"),
        ("note", "Гайка М10: Проверить остаток"),
        ("row", "Шайба | 12 | ИСТИНА | 16:20"),
        ("furniture", "Старая цена: 900"), ("furniture", "Телефон: 4-05"),
    ]  # fmt: skip


def test_one_with_a_password_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    start = bytes.fromhex("09081000 0006 0500 00000000 00000000 00000000".replace(" ", ""))
    path.write_bytes(start + bytes.fromhex("2f0006000000000000000a000000"))
    with pytest.raises(Unreadable, match=r"^encrypted: save a copy without a password$"):
        list(read(path))
    data = SHEET.read_bytes()
    path.write_bytes(data[:3000])
    with pytest.raises(Unreadable, match=r"^damaged"):
        list(read(path))
