"""PowerPoint: slides, lists, tables, charts, SmartArt, notes; broken and hostile files."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.readers import Page, Table, Unreadable, read
from tests.indexer.slide_files import SPACES, deck, shape


def kinds(path: Path) -> list[tuple[str, str, int]]:
    return [
        (block.kind, page.text[block.start : block.stop], block.level)
        for page in read(path)
        for block in page.blocks
    ]


@pytest.mark.parametrize("suffix", [".pptx", ".ppsx", ".pptm", ".potx"])
def test_slides_are_numbered_and_stand_under_their_titles(tmp_path: Path, suffix: str) -> None:
    path = deck(
        tmp_path / f"a{suffix}",
        shape("Итоги", "title") + shape("Публикаций: 37", "body") + shape("7", "sldNum"),
        shape("Просто текст"),
        shape("Спасибо", "ctrTitle"),
    )
    assert list(read(path)) == [
        Page("- Публикаций: 37", 1, "Итоги"),
        Page("Просто текст", 2),
        Page("Спасибо", 3),
    ]


def test_hidden_slides_come_last_and_are_marked(tmp_path: Path) -> None:
    path = deck(
        tmp_path / "a.pptx",
        shape("Старое", "title") + shape("Один"),
        shape("Новое", "title") + shape("Два"),
        hidden=(1,),
    )
    assert list(read(path)) == [
        Page("Два", 2, "Новое"),
        Page("Один", 1, "Старое (скрытый слайд)"),
    ]


def test_lists_keep_levels_and_numbers(tmp_path: Path) -> None:
    numbered = shape("раз\n\tвложен\nдва").replace(
        '<a:pPr lvl="0"/>', '<a:pPr lvl="0"><a:buAutoNum type="arabicPeriod"/></a:pPr>'
    )
    path = deck(tmp_path / "a.pptx", shape("А\n\tБ", "body") + f"<p:grpSp>{numbered}</p:grpSp>")
    assert kinds(path) == [
        ("item", "- А", 0),
        ("item", "- Б", 1),
        ("item", "1. раз", 0),
        ("paragraph", "вложен", 1),
        ("item", "2. два", 0),
    ]


def test_tables_have_a_header_and_merged_cells_their_value(tmp_path: Path) -> None:
    def cell(text: str, merged: str = "") -> str:
        return f"<a:tc {merged}><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"

    rows = (
        cell("Имя") + cell("Цена"),
        cell("Винт", 'gridSpan="2"') + cell("", 'hMerge="1"'),
        cell("", 'vMerge="1"') + cell("5"),
    )
    lines = "".join(f"<a:tr>{line}</a:tr>" for line in rows)
    table = f'<a:tbl><a:tblPr firstRow="1"/>{lines}</a:tbl>'
    path = deck(tmp_path / "a.pptx", f"<p:graphicFrame>{table}</p:graphicFrame>")
    (page,) = read(path)
    assert page.text == "Имя | Цена\nВинт | Винт\nВинт | 5"
    assert {block.table for block in page.blocks} == {Table(header="Имя | Цена")}


def test_pictures_say_what_they_show(tmp_path: Path) -> None:
    pictures = "".join(
        f'<p:pic><p:nvPicPr><p:cNvPr id="2" name="Рисунок 2" descr="{text}"/></p:nvPicPr></p:pic>'
        for text in ("Схема клетки для сурка", "Логотип", "C:\\Мои рисунки\\клетка сурка 2.PNG")
    )
    path = deck(tmp_path / "a.pptx", shape("Клетка", "title") + pictures + shape("Конец"))
    assert kinds(path) == [("caption", "Схема клетки для сурка", 0), ("paragraph", "Конец", 0)]


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        (["Пекарня|Млн руб.|План", "Речная|19,8|104 %"], "Пекарня | Млн руб. | План"),
        (["Директор|Ким", "Бухгалтер|Ли"], None),
    ],
)
def test_a_header_that_is_not_marked_is_known_by_what_stands_below_it(
    tmp_path: Path, rows: list[str], header: str | None
) -> None:
    lines = (
        "".join(f"<a:tc><a:p><a:t>{text}</a:t></a:p></a:tc>" for text in line.split("|"))
        for line in rows
    )
    table = "".join(f"<a:tr>{line}</a:tr>" for line in lines)
    path = deck(tmp_path / "a.pptx", f"<p:graphicFrame><a:tbl>{table}</a:tbl></p:graphicFrame>")
    (page,) = read(path)
    assert {block.table for block in page.blocks} == {Table(header=header) if header else None}


def test_the_topmost_line_is_the_title_of_a_slide_without_one(tmp_path: Path) -> None:
    def box(text: str, top: int) -> str:
        place = f'<p:spPr><a:xfrm><a:off x="0" y="{top}"/></a:xfrm></p:spPr>'
        return shape(text).replace("<p:txBody>", f"{place}<p:txBody>")

    path = deck(
        tmp_path / "a.pptx",
        box("Нанять технолога", 500) + box("Планы", 100) + box("9 октября", 900),
        box("Первая строка\nвторая", 100) + box("Третья", 500),
        box("Слева", 100) + box("Справа", 100),
        box("Одна", 100),
    )
    assert list(read(path)) == [
        Page("Нанять технолога\n\n9 октября", 1, "Планы"),
        Page("Первая строка\n\nвторая\n\nТретья", 2),
        Page("Слева\n\nСправа", 3),
        Page("Одна", 4),
    ]


def test_charts_and_smart_art_are_read(tmp_path: Path) -> None:
    def points(*values: str) -> str:
        return "".join(f'<c:pt idx="{i}"><c:v>{v}</c:v></c:pt>' for i, v in enumerate(values))

    series = (
        f"<c:ser><c:tx>{points(name)}</c:tx><c:cat>{points('Q1', 'Q2')}</c:cat>"
        f"<c:val>{points(*values)}</c:val></c:ser>"
        for name, values in (("План", ("1.5", "0.10000000000000001")), ("Факт", ("3",)))
    )
    title = "<c:title><a:p><a:t>Итог</a:t></a:p></c:title>"
    path = deck(
        tmp_path / "a.pptx",
        '<p:graphicFrame><c:chart r:id="chart1"/></p:graphicFrame>'
        '<p:graphicFrame><dgm:relIds r:dm="diagramData1"/></p:graphicFrame>',
        chart1=f"<c:x {SPACES}>{title}{''.join(series)}</c:x>",
        diagramData1=f"<dgm:x {SPACES}><dgm:t><a:p><a:t>Шаг</a:t></a:p></dgm:t></dgm:x>",
    )
    assert kinds(path) == [
        ("caption", "Итог", 0),
        ("row", " | План | Факт", 0),
        ("row", "Q1 | 1.5 | 3", 0),
        ("row", "Q2 | 0.1 | ", 0),
        ("item", "- Шаг", 0),
    ]


def test_what_stands_on_every_slide_is_read_once(tmp_path: Path) -> None:
    shapes = shape("ООО «Вафля»") + shape("Образец заголовка", "title")
    layout = f"<p:sldLayout {SPACES}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sldLayout>"
    path = deck(tmp_path / "a.pptx", shape("Текст"), slideLayout1=layout)
    assert kinds(path) == [("paragraph", "Текст", 0), ("furniture", "ООО «Вафля»", 0)]


def test_notes_comments_and_footers(tmp_path: Path) -> None:
    notes = shape("1", "sldNum") + shape("Сказать", "body") + shape("Показать")
    path = deck(
        tmp_path / "a.pptx",
        shape("Текст") + shape("ООО «Вафля»", "ftr"),
        notesSlide1=f"<p:notes {SPACES}>{notes}</p:notes>",
        comments1=f"<p:cmLst {SPACES}><p:cm><p:text>Проверить</p:text></p:cm></p:cmLst>",
    )
    assert kinds(path) == [
        ("paragraph", "Текст", 0),
        ("furniture", "ООО «Вафля»", 0),
        ("note", "Сказать", 0),
        ("note", "Показать", 0),
        ("note", "Проверить", 0),
    ]


def test_entities_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("тайна")
    path = deck(
        tmp_path / "a.pptx",
        shape("Текст"),
        notesSlide1=f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
        f"<p:notes {SPACES}>{shape('&e;', 'body')}</p:notes>",
    )
    with pytest.raises(Unreadable, match=r"^damaged PowerPoint file: "):
        list(read(path))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"MZ" + bytes(999), "^damaged PowerPoint file: not a zip archive"),
        (b"\xd0\xcf\x11\xe0" + bytes(999), "^damaged PowerPoint file: no document in it"),
        (
            b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"),
            "^encrypted: save a copy without a password",
        ),
    ],
)
def test_other_files_are_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "a.pptx"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=reason):
        list(read(path))


def test_a_file_cut_short_or_without_slides_is_refused(tmp_path: Path) -> None:
    path = deck(tmp_path / "a.pptx", shape("Текст"))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(Unreadable, match=r"^damaged PowerPoint file"):
        list(read(path))
    with pytest.raises(Unreadable, match=r"^empty$"):
        list(read(deck(path)))
