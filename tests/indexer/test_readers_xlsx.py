"""Excel: sheets, headers, values as shown, what is hidden, damage."""

from __future__ import annotations

import datetime
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font

from indexer.readers import Page, Unreadable, read
from tests.indexer.sample_files import zeros
from tests.indexer.sheet_files import OFFICE, by_hand, excel

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def edited(path: Path, rows: Sequence[Any], edit: Callable[[Any], None]) -> list[Page]:
    """The pages of one sheet with these rows, changed by a function."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Лист"
    for each in rows:
        sheet.append(each)
    edit(sheet)
    book.save(path)
    return list(read(path))


def kinds(pages: Sequence[Page]) -> list[tuple[str, str]]:
    return [
        (block.kind, page.text[block.start : block.stop]) for page in pages for block in page.blocks
    ]


@pytest.mark.parametrize("suffix", [".xlsx", ".xlsm", ".xltx"])
def test_each_sheet_is_a_section_of_rows_under_their_header(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    price = [["Товар", "Цена", "Склад"], ["Винт", 12.5, "А"], ["Гайка", 1450.0, "Б"]]
    excel(path, ("Цены", price), ("Люди", [["Имя", "Отдел", "Стаж"], ["Анна", "Касса", 3]]))
    pages = list(read(path))
    assert pages == [
        Page("Товар | Цена | Склад\nВинт | 12,5 | А\nГайка | 1450 | Б", heading="Цены"),
        Page("Имя | Отдел | Стаж\nАнна | Касса | 3", heading="Люди"),
    ]
    tables = [block.table for page in pages for block in page.blocks]
    assert [table and table.header for table in tables] == 3 * ["Товар | Цена | Склад"] + 2 * [
        "Имя | Отдел | Стаж"
    ]


def test_a_header_of_two_rows_below_titles_is_joined(tmp_path: Path) -> None:
    rows = [
        ["Смета на 2026 год"], ["тыс. руб."],
        ["Статья", "2024 год", None, "2025 год", None], [None, "План", "Факт", "План", "Факт"],
        ["Реактивы", 420, 398, 500, 510],
    ]  # fmt: skip

    def merge(sheet: Any) -> None:
        for cells in ("A1:E1", "A3:A4", "B3:C3", "D3:E3"):
            sheet.merge_cells(cells)

    pages = edited(tmp_path / "a.xlsx", rows, merge)
    header = "Статья | 2024 год / План | 2024 год / Факт | 2025 год / План | 2025 год / Факт"
    assert kinds(pages) == [
        ("caption", "Смета на 2026 год — тыс. руб."),
        ("row", header),
        ("row", "Реактивы | 420 | 398 | 500 | 510"),
    ]
    table = pages[0].blocks[-1].table
    assert table is not None
    assert (table.name, table.header) == ("Смета на 2026 год — тыс. руб.", header)


def test_merged_cells_of_the_body(tmp_path: Path) -> None:
    rows = [
        ["Отдел", "Имя", "Стаж"], ["Касса", "Анна", 3], [None, "Пётр", 5],
        ["Филиал", None, None], ["Склад", "Олег", 7],
    ]  # fmt: skip

    def merge(sheet: Any) -> None:
        sheet.merge_cells("A2:A3")
        sheet.merge_cells("A4:C4")

    pages = edited(tmp_path / "a.xlsx", rows, merge)
    assert kinds(pages)[1:] == [
        ("row", "Касса | Анна | 3"),
        ("row", "Касса | Пётр | 5"),
        ("caption", "Филиал"),
        ("row", "Склад | Олег | 7"),
    ]
    table = pages[0].blocks[-1].table
    assert table is not None
    assert (table.name, table.header) == ("Филиал", "Отдел | Имя | Стаж")


def test_empty_rows_divide_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    first = [["Товар", "Цена", "Остаток"], ["Винт", 1, 2]]
    rows = [*first, [], ["Гайка", 3, 4], [], [], ["Отдел", "Телефон", "Этаж"], ["Касса", 405, 2]]
    excel(path, ("Лист", rows))
    headers = [block.table and block.table.header for page in read(path) for block in page.blocks]
    assert headers == 3 * ["Товар | Цена | Остаток"] + 2 * ["Отдел | Телефон | Этаж"]


def test_a_line_above_an_empty_row_is_the_name_of_the_table(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = [["Прайс-лист"], [], ["Товар", "2024/25", "2025/26"], ["Винт", 1, 2]]
    excel(path, ("Лист", rows))
    pages = list(read(path))
    assert kinds(pages) == [
        ("paragraph", "Прайс-лист"),
        ("row", "Товар | 2024/25 | 2025/26"),
        ("row", "Винт | 1 | 2"),
    ]
    table = pages[0].blocks[-1].table
    assert table is not None
    assert table.name == "Прайс-лист"


def test_pairs_of_name_and_value_are_fields(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = [["Контакты"], ["Телефон:", 405], ["Адрес", "Москва"], ["Открыт", datetime.time(9, 30)]]
    excel(path, ("Лист", rows))
    assert kinds(list(read(path))) == [
        ("paragraph", "Контакты"),
        ("field", "Телефон: 405"),
        ("field", "Адрес: Москва"),
        ("field", "Открыт: 9:30:00"),
    ]


def test_questions_beside_their_answers(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    excel(path, ("Лист", [["Где столовая?", "На первом этаже."], ["Когда обед?", "В час."]]))
    assert [kind for kind, _ in kinds(list(read(path)))] == ["question", "answer"] * 2


@pytest.mark.parametrize(
    "head",
    [
        ["Имя", 1, 2, 3],
        ["Имя", datetime.date(2026, 1, 1), datetime.date(2026, 2, 1), datetime.date(2026, 3, 1)],
        ["Имя", 2024, 2025, "Итого"],
    ],
    ids=["days", "dates", "years"],
)
def test_numbers_that_name_columns(tmp_path: Path, head: list[object]) -> None:
    path = tmp_path / "a.xlsx"
    excel(path, ("Лист", [["Дата", "сегодня"], head, ["Анна", 8, 8, 8], ["Пётр", 8, 4, 12]]))
    blocks = [block for page in read(path) for block in page.blocks]
    assert [block.kind for block in blocks] == ["field", "row", "row", "row"]
    assert all(block.table and block.table.header.startswith("Имя") for block in blocks[1:])


def test_two_columns_with_a_header_are_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    excel(path, ("Лист", [["Отдел", "Телефон"], ["Касса", 405], ["Склад", 406]]))
    assert [kind for kind, _ in kinds(list(read(path)))] == ["row"] * 3

    def embolden(sheet: Any) -> None:
        sheet["A1"].font = sheet["B1"].font = Font(bold=True)

    rows = [["Отдел", "Начальник"], ["Касса", "Анна"], ["Склад", "Пётр"]]
    assert [kind for kind, _ in kinds(edited(path, rows, embolden))] == ["row"] * 3


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1234.5, '#,##0.00\\ "₽"', "1 234,50 ₽"),
        (1234567.5, "#,##0.00[$₽-419]", "1 234 567,50₽"),
        (-1234.5, '_-* #,##0.00\\ "₽"_-;\\-* #,##0.00\\ "₽"_-', "-1 234,50 ₽"),
        (1234.5, "General", "1234,5"),
        (1450.0, "General", "1450"),
        (0.1 + 0.2, "General", "0,3"),
        (0.15, "0%", "15 %"),
        (0.1234, "0.0%", "12,3 %"),
        (2.675, "0.00", "2,68"),
        (42, "000000", "000042"),
        (79001234567, "+0\\ \\(000\\)\\ 000\\-00\\-00", "+7 (900) 123-45-67"),
        (1500000, '0.0,,\\ "млн"', "1,5 млн"),
        (1, '[=1]"есть";"нет"', "есть"),
        (7, ";;;", "7"),
        (45799, "dd.mm.yyyy", "22.05.2025"),
        (45799, "mm-dd-yy", "22.05.2025"),
        (45799, '[$-419]d mmmm yyyy "г."', "22 мая 2025 г."),
        (45799, "mmmm yyyy", "Май 2025"),
        (45799, "dd/mm/yyyy", "22.05.2025"),
        (45799, "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "22 мая 2025 г."),
        (45799.68, "dd.mm.yyyy hh:mm", "22.05.2025 16:19"),
        (0.6805556, "h:mm", "16:20"),
        (1.5, "[h]:mm:ss", "36:00:00"),
        (True, "General", "ИСТИНА"),
        (1e300, "#,##0.00", "1" + " 000" * 100 + ",00"),
        (-1e9, "dd.mm.yyyy", "-1000000000"),
        ("0042", "@", "0042"),
    ],
)
def test_values_are_read_as_they_are_shown(
    tmp_path: Path, value: object, code: str, shown: str
) -> None:
    def write(sheet: Any) -> None:
        sheet["B1"].value, sheet["B1"].number_format = value, code

    assert edited(tmp_path / "a.xlsx", [["Поле"]], write)[0].text == f"Поле: {shown}"


def test_an_english_workbook_is_shown_as_in_english(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Price", 1234.5])
    sheet["B1"].number_format = '"$"#,##0.00'
    book.save(path)
    assert list(read(path)) == [Page("Price: $1,234.50", heading="Sheet")]


def test_formulas_without_a_value_are_named(tmp_path: Path) -> None:
    rows = [["Товар", "Цена", "Сумма"], ["Винт", 2, "=B2*2"], ["Гайка", 3, "=B3*2"]]
    pages = edited(tmp_path / "a.xlsx", rows, lambda sheet: None)
    assert kinds(pages)[2:] == [
        ("row", "Гайка | 3"),
        ("note", "В файле нет значений формул, они не вычислены: 2 (C2, C3)"),
    ]


def test_values_of_formulas_are_those_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    cells = '<c t="inlineStr"><is><t>Итог</t></is></c><c><f>1+1</f><v>2</v></c>'
    by_hand(path, f'<sheetData><row>{cells}<c t="str"><f>""</f><v></v></c></row></sheetData>')
    assert list(read(path)) == [Page("Итог: 2", heading="Лист")]


def test_hidden_sheets_come_last_as_furniture(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = Workbook()
    old, new = book.worksheets[0], book.create_sheet("Цены")
    old.title = "Старые"
    for sheet, price in ((old, 5), (new, 7)):
        sheet.append(["Товар", "Цена", "Склад"])
        sheet.append(["Винт", price, "А"])
    old.sheet_state = "veryHidden"
    book.active = 1
    book.save(path)
    pages = list(read(path))
    assert [page.heading for page in pages] == ["Цены", "Старые (скрытый лист)"]
    assert kinds(pages[:1])[1] == ("row", "Винт | 7 | А")
    assert kinds(pages[1:])[1] == ("furniture", "Винт | 5 | А")


def test_hidden_rows_are_furniture_and_hidden_columns_last(tmp_path: Path) -> None:
    rows = [["Товар", "Старая", "Цена"], ["Винт", 5, 7], ["Гайка", 1, 2]]

    def hide(sheet: Any) -> None:
        sheet.column_dimensions["B"].hidden = True
        sheet.row_dimensions[2].hidden = True

    assert kinds(edited(tmp_path / "a.xlsx", rows, hide)) == [
        ("row", "Товар | Цена | Старая (скрытый столбец)"),
        ("furniture", "Винт | 7 | 5"),
        ("row", "Гайка | 2 | 1"),
    ]


def test_rows_hidden_by_a_filter_are_rows(tmp_path: Path) -> None:
    def filter_(sheet: Any) -> None:
        sheet.auto_filter.ref = "A1:C3"
        sheet.auto_filter.add_filter_column(0, ["Гайка"])
        sheet.row_dimensions[2].hidden = True

    rows = [["Товар", "Цена", "Склад"], ["Винт", 5, 7], ["Гайка", 1, 2]]
    assert ("row", "Винт | 5 | 7") in kinds(edited(tmp_path / "a.xlsx", rows, filter_))


def test_text_boxes_are_read_after_the_rows(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.xlsx", tmp_path / "a.xlsx"
    by_hand(whole, "<sheetData><row><c><v>5</v></c></row></sheetData>")
    runs = "<a:p><a:r><a:t>Цены </a:t></a:r><a:r><a:t>без НДС</a:t></a:r></a:p><a:p/>"
    drawing = f'<d:wsDr xmlns:d="d" xmlns:a="a"><d:sp><d:txBody>{runs}</d:txBody></d:sp></d:wsDr>'
    link = f'<Relationship Id="d" Type="{OFFICE}/drawing" Target="../drawings/drawing1.xml"/>'
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        links = f'<Relationships xmlns="{space}">{link}</Relationships>'
        new.writestr("xl/worksheets/_rels/sheet1.xml.rels", links)
        new.writestr("xl/drawings/drawing1.xml", drawing)
    assert kinds(list(read(path))) == [("paragraph", "5"), ("paragraph", "Цены без НДС")]


def test_comments_are_notes(tmp_path: Path) -> None:
    def comment(sheet: Any) -> None:
        sheet["B2"].comment = Comment("со скидкой", "Анна")
        sheet["F9"].comment = Comment("у пустой клетки", "Анна")

    rows = [["Товар", "Цена", "Склад"], ["Винт", 5, 7], ["Гайка", 1, 2]]
    blocks = kinds(edited(tmp_path / "a.xlsx", rows, comment))
    assert blocks[1:3] == [("row", "Винт | 5 | 7"), ("note", "5: со скидкой")]
    assert blocks[-1] == ("note", "у пустой клетки")


def test_a_strict_workbook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    cells = '<c r="A1" t="inlineStr"><is><t>Дата</t></is></c><c r="B1" t="d"><v>2025-05-22</v></c>'
    by_hand(
        path,
        f'<sheetData><row r="1">{cells}</row></sheetData>',
        main="http://purl.oclc.org/ooxml/spreadsheetml/main",
        office="http://purl.oclc.org/ooxml/officeDocument/relationships",
    )
    assert list(read(path)) == [Page("Дата: 22.05.2025", heading="Лист")]


@pytest.mark.parametrize("value", ["1e999", "nan", "много"])
def test_what_is_no_number_is_read_as_it_stands(tmp_path: Path, value: str) -> None:
    path = tmp_path / "a.xlsx"
    by_hand(path, f"<sheetData><row><c><v>{value}</v></c></row></sheetData>")
    assert list(read(path)) == [Page(value, heading="Лист")]


@pytest.mark.parametrize("rename", [str.upper, lambda name: name.replace("/", "\\")])
def test_parts_under_other_spellings_are_found(
    tmp_path: Path, rename: Callable[[str], str]
) -> None:
    path = tmp_path / "a.xlsx"
    by_hand(path, "<sheetData><row><c><v>5</v></c></row></sheetData>")
    with zipfile.ZipFile(path) as archive:
        parts = {rename(name): archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    assert list(read(path)) == [Page("5", heading="Лист")]


def test_a_value_in_the_last_cell_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    cell = '<c r="XFD1048576" t="inlineStr"><is><t>конец</t></is></c>'
    by_hand(path, f'<sheetData><row r="1048576">{cell}</row></sheetData>')
    assert list(read(path)) == [Page("конец", heading="Лист")]


def test_5000_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    excel(path, ("Лист", [[f"Столбец {n}" for n in range(5000)], list(range(5000))]))
    text = "\n".join(page.text for page in read(path))
    assert "Столбец 4999" in text
    assert "4998 | 4999" in text


def test_entities_are_not_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("тайна")
    path = tmp_path / "a.xlsx"
    cell = '<c t="inlineStr"><is><t>видно &x;</t></is></c>'
    by_hand(path, f"<sheetData><row>{cell}</row></sheetData>")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    bomb = '<!ENTITY a "ха"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    external = f'<!DOCTYPE worksheet [{bomb}<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    parts["xl/worksheets/sheet1.xml"] = external + parts["xl/worksheets/sheet1.xml"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    with pytest.raises(Unreadable, match=r"^damaged Excel file: a document type in its XML$"):
        list(read(path))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "^empty$"),
        (OLE + bytes(500) + "EncryptedPackage".encode("utf-16-le"), "^encrypted: save a copy"),
        (OLE + bytes(500), "^damaged Excel file: no document in it, or cut short$"),
        (b"MZ program", "^damaged Excel file: not a zip"),
        (zeros(("a", 300)), "^too large: 300 MB unpacked, the limit is 256 MB$"),
        (
            zeros(("xl/sharedStrings.xml", 60)),
            "^too large: 60 MB of XML unpacked, the limit is 48 MB$",
        ),
        (zeros(("word/document.xml", 1)), "^damaged Excel file: no document in the archive$"),
    ],
    ids=["empty", "password", "xls", "exe", "bomb", "texts", "word"],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=reason):
        list(read(path))


def test_cut_and_flipped_files_never_give_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    excel(path, ("Лист", [["Товар", "Цена"], *(["Винт", n] for n in range(300))]))
    data = path.read_bytes()
    for place in range(30, len(data), len(data) // 60):
        for bad in (data[:place], data[:place] + bytes([data[place] ^ 0x5A]) + data[place + 1 :]):
            path.write_bytes(bad)
            try:
                list(read(path))
            except Unreadable as error:
                assert str(error).startswith("damaged Excel file: ")


MEASURE = """
import sys
from pathlib import Path
from indexer.readers import read
rows = sum(page.text.count("\\n") + 1 for page in read(Path(sys.argv[1])))
print(rows, int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024)
"""


def test_many_rows_need_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    cells = '<c t="inlineStr"><is><t>Изделие номер</t></is></c><c><v>12.5</v></c><c><v>7</v></c>'
    by_hand(path, f"<sheetData>{f'<row>{cells}</row>' * 100_000}</sheetData>")
    run = [sys.executable, "-c", MEASURE, str(path)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    rows, grown = map(int, done.stdout.split())
    assert rows == 100_000
    assert grown < 60, f"{grown} MB"
