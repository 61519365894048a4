"""Word: what is printed and what it is: numbers, tables, notes, boxes, changes, formulas."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from indexer.readers import Page, Unreadable, read
from tests.indexer.test_readers_text import MEASURE
from tests.indexer.word_files import item, level, numbering, p, table, tc, tr, word_xml

Shown = list[tuple[str, str]]


def shown(pages: list[Page]) -> Shown:
    """Kind and text of all blocks."""
    return [
        (block.kind, page.text[block.start : block.stop]) for page in pages for block in page.blocks
    ]


@pytest.fixture
def blocks(tmp_path: Path) -> Any:
    def made(body: str, **parts: Any) -> Shown:
        path = tmp_path / "a.docx"
        word_xml(path, body, **parts)
        return shown(list(read(path)))

    return made


def style(name: str, title: str, more: str = "") -> str:
    return f'<w:style w:styleId="{name}"><w:name w:val="{title}"/>{more}</w:style>'


def styled(text: str, name: str) -> str:
    return p(text, f'<w:pStyle w:val="{name}"/>')


def merge(text: str = "", how: str = "") -> str:
    value = f' w:val="{how}"' if how else ""
    return tc(p(text), f"<w:vMerge{value}/>")


def span(text: str, columns: int) -> str:
    return tc(p(text), f'<w:gridSpan w:val="{columns}"/>')


def test_numbers_are_printed_by_level(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    levels = (
        level(0, "decimal", "%1."),
        level(1, "decimal", "%1.%2."),
        level(2, "russianLower", "%3)"),
    )
    body = [
        item("Цена"), item("цена", 1), item("Сроки"), item("срок", 1), item("один", 1),
        item("раз", 2), item("два", 2), item("другой", 1), item("раз", 2),
    ]  # fmt: skip
    word_xml(path, "".join(body), numbering=numbering(*levels))
    (page,) = read(path)
    assert page.text.split("\n") == [
        "1. Цена", "1.1. цена", "2. Сроки", "2.1. срок", "2.2. один",
        "а) раз", "б) два", "2.3. другой", "а) раз",
    ]  # fmt: skip
    assert [block.level for block in page.blocks] == [0, 1, 0, 1, 1, 2, 2, 1, 2]
    assert {block.kind for block in page.blocks} == {"item"}


@pytest.mark.parametrize(
    ("form", "text", "tenth"),
    [
        ("decimalZero", "%1", "10"),
        ("lowerLetter", "%1)", "j)"),
        ("upperLetter", "(%1)", "(J)"),
        ("lowerRoman", "%1.", "x."),
        ("upperRoman", "Раздел %1", "Раздел X"),
        ("russianUpper", "%1.", "К."),
        ("bullet", "\uf0b7", "•"),
        ("bullet", "o", "•"),
        ("bullet", "–", "–"),
        ("unheardOf", "%1.", "10."),
    ],
)
def test_numbers_of_all_forms(blocks: Any, form: str, text: str, tenth: str) -> None:
    found = blocks(item("x") * 10, numbering=numbering(level(0, form, text)))
    assert found[9] == ("item", f"{tenth} x")


def test_a_list_starts_anew_where_it_says_so(blocks: Any) -> None:
    other = (
        '<w:num w:numId="2"><w:abstractNumId w:val="7"/><w:lvlOverride w:ilvl="0">'
        '<w:startOverride w:val="5"/></w:lvlOverride></w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num>'
    )
    body = item("a") + item("b") + item("c", name=2) + item("d", name=2) + item("e", name=3)
    found = blocks(body, numbering=numbering(level(0, "decimal", "%1)"), numbers=other))
    assert [text for _, text in found] == ["1) a", "2) b", "5) c", "6) d", "7) e"]


def test_headings_have_their_numbers_by_style(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    properties = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    styles = style("H1", "heading 1", properties) + style(
        "H2", "heading 2", f'<w:basedOn w:val="H1"/>{properties}'
    )
    levels = (
        level(0, "upperRoman", "%1.", '<w:pStyle w:val="H1"/>'),
        level(1, "decimal", "%1.%2.", '<w:isLgl/><w:pStyle w:val="H2"/>'),
    )
    body = styled("Предмет", "H1") + styled("Сроки", "H1") + styled("Оплата", "H2") + p("Текст")
    body += p("Приложение", '<w:pStyle w:val="H1"/><w:numPr><w:numId w:val="0"/></w:numPr>')
    word_xml(path, body + p("Конец"), styles=styles, numbering=numbering(*levels))
    assert list(read(path)) == [
        Page("I. Предмет"),
        Page("Текст", heading="II. Сроки › 2.1. Оплата"),
        Page("Конец", heading="Приложение"),
    ]


def test_a_deleted_paragraph_has_no_number(blocks: Any) -> None:
    gone = '<w:numPr><w:numId w:val="1"/></w:numPr><w:rPr><w:del/></w:rPr>'
    deleted = p("<w:del><w:r><w:delText>нет</w:delText></w:r></w:del>", gone)
    found = blocks(
        item("один") + deleted + item("два"), numbering=numbering(level(0, "decimal", "%1."))
    )
    assert found == [("item", "1. один"), ("item", "2. два")]


def test_cells_that_hold_only_a_number(blocks: Any) -> None:
    rows = tr("№", "Имя"), tr(tc(item("")), "Анна"), tr(tc(item("")), "Пётр")
    found = blocks(table(*rows), numbering=numbering(level(0, "decimal", "%1.")))
    assert [text for _, text in found] == ["№ | Имя", "1. | Анна", "2. | Пётр"]


def test_a_vertically_merged_value_counts_for_each_of_its_rows(blocks: Any) -> None:
    rows = (
        tr("Цех", "Марка", "Мешков"),
        tr(merge("Север", "restart"), "М400", "18"),
        tr(merge(), "М500", "25"),
        tr("Юг", "М400", "4"),
    )
    assert [text for _, text in blocks(table(*rows))] == [
        "Цех | Марка | Мешков", "Север | М400 | 18", "Север | М500 | 25", "Юг | М400 | 4",
    ]  # fmt: skip


def test_cells_over_several_columns_keep_the_others_in_place(blocks: Any) -> None:
    rows = tr("Товар", "Опт", "Розница"), tr(span("Болт", 2), "7"), tr(span("Прочее", 3))
    assert [text for _, text in blocks(table(*rows))] == [
        "Товар | Опт | Розница", "Болт |  | 7", "Прочее",
    ]  # fmt: skip


def test_a_row_of_one_cell_that_begins_in_a_later_column_is_read(blocks: Any) -> None:
    late = tr(span("Прочее", 2), properties='<w:gridBefore w:val="1"/>')
    found = blocks(table(tr("а", "б", "в"), tr("1", "2", "3"), late))
    assert [text for _, text in found] == ["а | б | в", "1 | 2 | 3", "Прочее"]


def test_notes_that_are_missing_from_the_file_are_missing(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.docx", tmp_path / "a.docx"
    word_xml(whole, p("Текст"), footnotes=note("footnote", "2", "Сноска"))
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if "footnotes" not in name:
                new.writestr(name, old.read(name))
    assert list(read(path)) == [Page("Текст")]


@pytest.mark.parametrize("mark", ["<w:tblHeader/>", ""], ids=["marked", "merged"])
def test_header_rows_are_joined_by_column(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "a.docx"
    rows = (
        tr(merge("Товар", "restart"), span("Цена", 2), properties=mark),
        tr(merge(), "опт", "розница", properties=mark),
        tr("Болт", "5", "7"),
    )
    word_xml(path, p("Таблица 1 — Цены") + table(*rows))
    (page,) = read(path)
    assert shown([page]) == [
        ("caption", "Таблица 1 — Цены"),
        ("row", "Товар | Цена опт | Цена розница"),
        ("row", "Болт | 5 | 7"),
    ]
    lead = page.blocks[-1].table
    assert lead is not None
    assert (lead.name, lead.header) == ("Таблица 1 — Цены", "Товар | Цена опт | Цена розница")


def test_a_first_row_across_the_table_is_its_title(blocks: Any) -> None:
    found = blocks(table(tr(span("Смены", 2)), tr("День", "Кто"), tr("Вт", "Анна")))
    assert found == [("caption", "Смены"), ("row", "День | Кто"), ("row", "Вт | Анна")]


def test_a_nested_table_is_read_once_after_its_row(blocks: Any) -> None:
    inner = table(tr("а", "б"), tr("1", "2"))
    found = blocks(table(tr("К", "Л"), tr("до", tc(inner + p("при"))), tr("по", "сле")))
    assert [text for _, text in found] == ["К | Л", "до | при", "а | б", "1 | 2", "по | сле"]


def test_names_beside_their_values_are_fields(blocks: Any) -> None:
    form = (
        tr("Фамилия, имя", "Ким Анна"),
        tr(span("Поездка", 2)),
        tr("Куда", "Тула"),
        tr("Выезд:", "02.06.2025"),
        tr("Подпись", ""),
    )
    assert blocks(table(*form)) == [
        ("field", "Фамилия, имя: Ким Анна"),
        ("paragraph", "Поездка"),
        ("field", "Куда: Тула"),
        ("field", "Выезд: 02.06.2025"),
        ("paragraph", "Подпись"),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        ["Товар|Цена", "Винт|12,50", "Гайка|7", "Шайба|по запросу"],
        ["Роль|Кто", "Секретарь|Ким", "Кассир|Ли", "Сторож|Ан"],
        ["Цех|Печь", "Север|1", "Север|2", "Юг|нет", "Юг|да"],
    ],
    ids=["values", "words", "repeated"],
)
def test_a_list_of_two_columns_is_no_form(blocks: Any, rows: list[str]) -> None:
    found = blocks(table(*(tr(*line.split("|")) for line in rows)))
    assert {kind for kind, _ in found} == {"row"}


def test_tables_that_only_place_text_are_paragraphs(blocks: Any) -> None:
    column = table(tr(tc(p("раз") + p("два"))), tr("три"))
    sides = table(tr(tc(p("Покупатель") + p("Иванов")), "Продавец"))
    kinds = blocks(column + sides)
    assert kinds == [
        ("paragraph", text)
        for text in ("раз", "два", "три", "Покупатель", "Иванов", "Продавец")
    ]  # fmt: skip


def test_a_row_alone_names_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    word_xml(path, table(tr("12 марта", "№ 147")))
    (page,) = read(path)
    (block,) = page.blocks
    assert block.table is not None
    assert (page.text, block.table.header) == ("12 марта | № 147", "")


def test_a_long_table_is_one_table_read_in_parts(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    lines = [tr("Имя", "Дом"), *(tr(f"Рогов {number}", "Третий") for number in range(20_000))]
    lines[9000] = tr(tc(p("Лисицын")), tc(table(tr("а", "б"), tr("в", "г")) + p()))
    merged = [tr("Сурков", merge("Пятый", "restart")), *[tr("Сурков", merge())] * 3000]
    word_xml(path, p("До") + table(*lines, *merged) + table(tr("А"), tr("Б")) + p("После"))
    run = [sys.executable, "-c", MEASURE, str(path)]
    assert int(subprocess.run(run, capture_output=True, check=True).stdout.split()[1]) < 50
    blocks = [
        (page.text[each.start : each.stop], each) for page in read(path) for each in page.blocks
    ]
    rows = [text for text, block in blocks if block.table and block.table.header == "Имя | Дом"]
    assert len(rows) == 23_002
    assert rows[1] == "Рогов 0 | Третий"
    assert rows[-1] == "Сурков | Пятый"
    assert [text for text, block in blocks if not block.table] == ["До", "А", "Б", "После"]
    assert [text for text, block in blocks if block.table and block.table.header == "а | б"]


def test_deleted_rows_are_not_read(blocks: Any) -> None:
    found = blocks(table(tr("а", "б"), tr("1", "2", properties="<w:del/>"), tr("3", "4")))
    assert [text for _, text in found] == ["а | б", "3 | 4"]


def note(tag: str, name: str, text: str, more: str = "") -> str:
    return f'<w:{tag} w:id="{name}" {more}>{p(text)}</w:{tag}>'


def test_notes_and_comments_follow_what_refers_to_them(blocks: Any) -> None:
    references = "".join(
        f'<w:r><w:{kind}Reference w:id="2"/></w:r>' for kind in ("footnote", "endnote", "comment")
    )
    found = blocks(
        p("<w:r><w:t>Суточные 700 рублей.</w:t></w:r>" + references) + p("Дальше"),
        footnotes=note("footnote", "0", "черта") + note("footnote", "2", "Кроме Севера."),
        endnotes=note("endnote", "2", "Приказ 5."),
        comments=note("comment", "2", "Верно?", 'w:author="Анна"'),
    )
    assert found == [
        ("paragraph", "Суточные 700 рублей."),
        ("note", "Кроме Севера."),
        ("note", "Приказ 5."),
        ("note", "Анна: Верно?"),
        ("paragraph", "Дальше"),
    ]


def test_running_headers_and_footers_come_once(blocks: Any) -> None:
    found = blocks(
        p("Текст"),
        header1=p("Институт"),
        header2=p("Институт"),
        header3=p("- 1 -"),
        footer1=table(tr("Приказ", "№ 5")),
    )
    assert found == [
        ("furniture", "Институт"),
        ("furniture", "Приказ\n№ 5"),
        ("paragraph", "Текст"),
    ]


def test_a_text_box_is_read_once_after_its_paragraph(blocks: Any) -> None:
    box = f"<w:txbxContent>{p('Внимание!')}{p('Скользко.')}</w:txbxContent>"
    choice = f"<mc:Choice><w:drawing>{box}</w:drawing></mc:Choice>"
    both = f"<mc:AlternateContent>{choice}<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    found = blocks(p(f"<w:r>{both}</w:r><w:r><w:t>Текст</w:t></w:r>"))
    assert [text for _, text in found] == ["Текст", "Внимание!", "Скользко."]


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>тайна</w:t></w:r><w:r><w:t>явь</w:t></w:r>", "явь"),
        ('<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>явь</w:t></w:r>', "явь"),
        (
            '<w:r><w:t>стр. </w:t><w:fldChar w:fldCharType="begin"/></w:r>'
            "<w:r><w:instrText>PAGE</w:instrText><w:t>код</w:t></w:r>"
            '<w:r><w:fldChar w:fldCharType="separate"/><w:t>7</w:t>'
            '<w:fldChar w:fldCharType="end"/><w:t> из 9</w:t></w:r>',
            "стр. 7 из 9",
        ),
        ('<w:fldSimple w:instr="DATE"><w:r><w:t>5 мая</w:t></w:r></w:fldSimple>', "5 мая"),
        ("<w:moveFrom><w:r><w:t>ушло</w:t></w:r></w:moveFrom><w:r><w:t>тут</w:t></w:r>", "тут"),
        ("<w:moveTo><w:r><w:t>пришло</w:t></w:r></w:moveTo>", "пришло"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:t> да</w:t></w:r>', "☒ да"),
    ],
    ids=["hidden", "shown", "field", "simple", "from", "to", "symbol"],
)
def test_what_is_printed_is_read(blocks: Any, runs: str, text: str) -> None:
    assert blocks(p(runs)) == [("paragraph", text)]


def test_a_picture_says_what_it_shows_after_its_paragraph(blocks: Any) -> None:
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    picture = (
        f'<w:r><w:drawing><wp:inline xmlns:wp="{drawing}">'
        '<wp:docPr id="1" name="Рисунок 1" descr="{}"/></wp:inline></w:drawing></w:r>'
    )
    body = p(f"<w:r><w:t>Клетка</w:t></w:r>{picture.format('Схема клетки для сурка')}")
    invented = "Изображение выглядит как сурок&#10;&#10;Автоматически созданное описание"
    body += p(picture.format(invented)) + p(picture.format("Логотип"))
    assert blocks(body) == [("paragraph", "Клетка"), ("caption", "Схема клетки для сурка")]


def test_a_paragraph_whose_end_is_deleted_flows_into_the_next(blocks: Any) -> None:
    found = blocks(p("Товар ", "<w:rPr><w:del/></w:rPr>") + p("принят."))
    assert found == [("paragraph", "Товар принят.")]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("<w:checkBox><w:default/><w:checked w:val='0'/></w:checkBox>", "☐ да"),
        ("<w:checkBox><w:default/></w:checkBox>", "☒ да"),
        (
            "<w:ddList><w:result w:val='1'/><w:listEntry w:val='А'/><w:listEntry w:val='Б'/>"
            "</w:ddList>",
            "Б да",
        ),
    ],
    ids=["open", "ticked", "list"],
)
def test_fields_of_forms_show_what_is_chosen(blocks: Any, field: str, text: str) -> None:
    begin = f'<w:fldChar w:fldCharType="begin"><w:ffData>{field}</w:ffData></w:fldChar>'
    runs = f'<w:r>{begin}<w:fldChar w:fldCharType="end"/><w:t> да</w:t></w:r>'
    assert blocks(p(runs)) == [("paragraph", text)]


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<m:f><m:num>{a+b}</m:num><m:den>{2}</m:den></m:f>", "(a+b)/2"),
        ("<m:sSup><m:e>{x}</m:e><m:sup>{2}</m:sup></m:sSup>", "x^2"),
        ("<m:sSub><m:e>{x}</m:e><m:sub>{i+1}</m:sub></m:sSub>", "x_(i+1)"),
        ("<m:rad><m:deg/><m:e>{x}</m:e></m:rad>", "√(x)"),
        (
            '<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{i=1}</m:sub>'
            "<m:sup>{n}</m:sup><m:e>{x}</m:e></m:nary>",
            "∑_(i=1)^n x",
        ),
        ("<m:d><m:e>{a}</m:e></m:d>", "(a)"),
        ("<m:func><m:fName>{sin}</m:fName><m:e>{x}</m:e></m:func>", "sin x"),
    ],
)
def test_formulas_are_one_line(blocks: Any, formula: str, text: str) -> None:
    runs = formula.replace("{", "<m:r><m:t>").replace("}", "</m:t></m:r>")
    found = blocks(p(f"<w:r><w:t>y=</w:t></w:r><m:oMath>{runs}</m:oMath>"))
    assert found == [("paragraph", f"y={text}")]


def test_contents_and_captions_are_known_by_style(blocks: Any) -> None:
    gallery = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>'
    control = (
        f"<w:sdt><w:sdtPr>{gallery}</w:sdtPr><w:sdtContent>{p('Сроки 3')}</w:sdtContent></w:sdt>"
    )
    found = blocks(
        control + styled("Оплата 4", "T") + styled("Рис. 1 Схема", "C") + p("Текст"),
        styles=style("T", "toc 2") + style("C", "caption"),
    )
    assert found == [
        ("contents", "Сроки 3"),
        ("contents", "Оплата 4"),
        ("caption", "Рис. 1 Схема"),
        ("paragraph", "Текст"),
    ]


@pytest.mark.parametrize("suffix", [".docx", ".docm", ".dotx", ".dotm"])
def test_strict_files_and_templates_are_read_alike(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    word_xml(
        path,
        item("Цена") + p("Текст"),
        strict=True,
        numbering=numbering(level(0, "decimal", "%1.")),
    )
    assert shown(list(read(path))) == [("item", "1. Цена"), ("paragraph", "Текст")]


ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/hosts">]>'
)


def test_entities_are_refused(tmp_path: Path) -> None:
    source, path = tmp_path / "a.docx", tmp_path / "b.docx"
    word_xml(source, p("&b;&f;"))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, ENTITIES.encode() + data if name.endswith("document.xml") else data)
    with pytest.raises(Unreadable, match=r"^damaged Word file: a document type"):
        list(read(path))


def test_merges_and_spans_of_any_size_are_bounded(blocks: Any) -> None:
    long = "слово " * 1000
    rows = [tr("а", "б"), tr(merge(long, "restart"), "1"), *[tr(merge(), span("2", 999_999))] * 50]
    found = blocks(table(*rows))
    assert len(found) == 52
    assert sum(len(text) for _, text in found) < 20_000
