"""OpenDocument: texts, spreadsheets and presentations, flat and in a zip."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from indexer.passages.facts import properties
from indexer.readers import Unreadable, read
from tests.indexer.open_files import (
    bullets,
    cell,
    flat,
    h,
    list_style,
    p,
    packed,
    row,
    table,
)
from tests.indexer.test_readers_docx_blocks import Shown, shown

LEGAL = list_style(
    "L",
    'style:num-format="1" style:num-suffix="."',
    'style:num-format="1" style:num-suffix="." text:display-levels="2"',
    'style:num-format="а, Б, .., Аа, Бб, ... (ru)" style:num-suffix=")"',
)


def style(name: str, properties: str = "", family: str = "paragraph", more: str = "") -> str:
    named = f'style:name="{name}" style:family="{family}"'
    return f"<style:style {named}{more}>{properties}</style:style>"


@pytest.fixture
def blocks(tmp_path: Path) -> Any:
    def made(body: str, suffix: str = ".fodt", **more: str) -> Shown:
        return shown(list(read(flat(tmp_path / f"a{suffix}", body, **more))))

    return made


def test_a_text_is_read_by_heading_flat_and_packed_alike(tmp_path: Path) -> None:
    body = p("Приказ", "Title") + h("Общее") + p("Один <text:s text:c='2'/>два<text:tab/>три")
    flat(tmp_path / "a.fodt", body)
    shutil.copy(packed(tmp_path / "a.odt", body), tmp_path / "a.ott")
    for name in ("a.fodt", "a.odt", "a.ott"):
        (page,) = read(tmp_path / name)
        assert (page.heading, page.text) == ("Приказ › Общее", "Один   два\tтри")


def test_lists_have_their_numbers(blocks: Any) -> None:
    inner = p("Два") + bullets("вложен", "<text:p>ещё</text:p>" + bullets("глубже"))
    body = (
        bullets("Один", inner, style="L")
        + p("между")
        + bullets("Три", style="L", more=' text:continue-numbering="true"')
        + bullets("Снова", style="L")
        + bullets("точка", style="B")
    )
    assert blocks(body, own=LEGAL + list_style("B", "●")) == [
        ("item", "1. Один"), ("item", "2. Два"), ("item", "2.1. вложен"), ("item", "2.2. ещё"),
        ("item", "а) глубже"), ("paragraph", "между"), ("item", "3. Три"), ("item", "1. Снова"),
        ("item", "● точка"),
    ]  # fmt: skip


def test_an_item_that_holds_only_a_list_has_no_number(blocks: Any) -> None:
    deeper = bullets(bullets("раз"), style="L", more=' text:continue-numbering="true"')
    assert blocks(bullets("Один", style="L") + deeper, own=LEGAL)[1] == ("item", "1.1. раз")


def test_headings_are_numbered_by_their_outline(tmp_path: Path) -> None:
    outline = "".join(
        f'<text:outline-level-style text:level="{at}" style:num-format="1" text:display-levels='
        f'"{at}"/>'
        for at in (1, 2)
    )
    styles = f"<text:outline-style>{outline}</text:outline-style>"
    body = h("Раз") + h("Два") + h("Дважды", 2) + p("текст")
    body += h("Без", more=' text:is-list-header="true"') + p("ещё")
    pages = list(read(flat(tmp_path / "a.fodt", body, styles=styles)))
    assert [page.heading for page in pages if page.heading] == ["2 Два › 2.1 Дважды", "Без"]
    assert pages[0].text == "1 Раз"


def test_tables_have_header_name_and_merged_cells(blocks: Any) -> None:
    head = f"<table:table-header-rows>{row('Товар', 'Цена', 'Склад')}</table:table-header-rows>"
    covered = "<table:covered-table-cell/>"
    tall = cell("Винт", ' table:number-rows-spanned="2"')
    body = p("Таблица 1. Цены", "Table") + table(
        head, row(tall, "5", "А"), row(covered, "6", "Б"),
        row(cell("Итого", ' table:number-columns-spanned="2"'), covered, "11"),
    )  # fmt: skip
    caption = style("Table", more=' style:parent-style-name="Caption"') + style("Caption")
    assert blocks(body, styles=caption) == [
        ("caption", "Таблица 1. Цены"), ("row", "Товар | Цена | Склад"), ("row", "Винт | 5 | А"),
        ("row", "Винт | 6 | Б"), ("row", "Итого |  | 11"),
    ]  # fmt: skip


def test_names_beside_their_values_are_fields_and_layout_is_text(blocks: Any) -> None:
    form = table(row("Имя:", "Анна"), row("Телефон:", "405"), row("Отдел:", "Кадры"))
    layout = table(row(cell(p("Первый") + p("Второй")), "Третий"))
    assert blocks(form + layout) == [
        ("field", "Имя: Анна"), ("field", "Телефон: 405"), ("field", "Отдел: Кадры"),
        ("paragraph", "Первый"), ("paragraph", "Второй"), ("paragraph", "Третий"),
    ]  # fmt: skip


def test_what_hangs_on_a_paragraph_follows_it(blocks: Any) -> None:
    note = f"<text:note><text:note-citation>1</text:note-citation>{p('Сноска')}</text:note>"
    remark = f"<office:annotation><dc:creator>Анна</dc:creator>{p('Верно?')}</office:annotation>"
    box = f"<draw:frame><draw:text-box>{p('Рамка')}</draw:text-box></draw:frame>"
    image = "<draw:frame><draw:image/><svg:desc>Схема проезда к складу</svg:desc></draw:frame>"
    in_table = table(row("А", "Б"), row(cell(p("1" + note)), "2"), row("3", "4"))
    assert blocks(p(f"Текст{note}{remark}{box}{image} дальше") + in_table) == [
        ("paragraph", "Текст дальше"), ("note", "Сноска"), ("note", "Анна: Верно?"),
        ("paragraph", "Рамка"), ("caption", "Схема проезда к складу"), ("row", "А | Б"),
        ("row", "1 | 2"), ("note", "Сноска"), ("row", "3 | 4"),
    ]  # fmt: skip


def test_what_is_deleted_or_hidden_is_not_read_and_contents_are_kept_apart(blocks: Any) -> None:
    changes = (
        '<text:tracked-changes><text:changed-region text:id="d"><text:deletion>'
        f"{p('УДАЛЕНО')}</text:deletion></text:changed-region></text:tracked-changes>"
    )
    gone = '<text:change-start text:change-id="d"/>НЕТ'
    there = '<text:change-start text:change-id="i"/>и<text:change-end text:change-id="i"/>'
    hide = '<style:text-properties text:display="none"/>'
    body = (
        changes + p('Видно<text:change/><text:span text:style-name="H">НЕТ</text:span>')
        + p(f"Там {gone}") + p(f"НЕТ <text:tab/><text:change-end text:change-id='d'/>{there} тут")
        + p("НЕТ", "HP") + f'<text:section text:display="none">{p("НЕТ")}</text:section>'
        + f"<text:table-of-content><text:a>{p('Глава 5')}</text:a></text:table-of-content>"
    )  # fmt: skip
    own = style("H", hide, "text") + style("HP", hide)
    assert blocks(body, own=own) == [
        ("paragraph", "Видно"), ("paragraph", "Там"), ("paragraph", "и тут"),
        ("contents", "Глава 5"),
    ]  # fmt: skip


def test_pages_are_counted_where_the_file_records_them(tmp_path: Path) -> None:
    before = style("N", '<style:paragraph-properties fo:break-before="page"/>')
    rows = row("А", "1") + "<text:soft-page-break/>" + row("Б", "2")
    body = p("Один", "N") + p("Два<text:soft-page-break/>три") + p("Четыре", "N")
    body += table(row("Имя", "Цена"), rows)
    pages = list(read(flat(tmp_path / "a.fodt", body, own=before)))
    assert [(page.number, page.text) for page in pages] == [
        (1, "Один\n\nДва"), (2, "три"), (3, "Четыре\n\nИмя | Цена\nА | 1"), (4, "Б | 2"),
    ]  # fmt: skip


def test_running_headers_come_once(tmp_path: Path) -> None:
    edge = f"<style:header>{p('АО «Маяк»')}</style:header><style:footer>{p('12')}</style:footer>"
    master = f"<style:master-page style:name='A'>{edge}</style:master-page>"
    styles = f"<office:master-styles>{master}{master}</office:master-styles>"
    path = packed(tmp_path / "a.odt", p("Текст"), styles=styles)
    assert shown(list(read(path))) == [("furniture", "АО «Маяк»"), ("paragraph", "Текст")]


def test_sheets_show_their_cells_hidden_ones_last(blocks: Any) -> None:
    hidden = style("S", '<style:table-properties table:display="false"/>', "table")
    value = ' office:value-type="percentage" office:value="0.15"'
    day = ' office:value-type="date" office:date-value="2025-05-04"'
    old = table(row("Старое", "1"), name="Архив", more=' table:style-name="S"')
    columns = '<table:table-column table:number-columns-repeated="2"/>'
    columns += '<table:table-column table:visibility="collapse"/>'
    prices = table(
        columns, row("Товар", "Скидка", "Закупка", "Дата"),
        row("Винт", cell("15 %", value), "9", cell("04.05.25", day)),
        row("Гайка", cell("", value), "8", cell("", day)), name="Цены",
    )  # fmt: skip
    assert blocks(old + prices, ".fods", own=hidden) == [
        ("row", "Товар | Скидка | Дата | Закупка (скрытый столбец)"),
        ("row", "Винт | 15 % | 04.05.25 | 9"), ("row", "Гайка | 15 % | 2025-05-04 | 8"),
        ("furniture", "Старое: 1"),
    ]  # fmt: skip


def test_repeated_cells_and_rows_are_bounded(blocks: Any) -> None:
    many = ' table:number-columns-repeated="16384"'
    lines = row(cell("х", many), more=' table:number-rows-repeated="1048576"')
    empty = row(cell("", many), more=' table:number-rows-repeated="1048576"')
    twice = row("А", cell("0", ' table:number-columns-repeated="2"'), "Б")
    found = blocks(table(twice, empty, lines, name="Л"), ".fods")
    assert found[0][1] == "А | 0 | 0 | Б"
    assert len(found) < 300
    assert all(text.count("х") <= 256 for _, text in found)


def test_a_sheet_of_many_rows_is_one_sheet(tmp_path: Path) -> None:
    rows = "".join(row(f"Товар {at}", str(at)) for at in range(9000))
    path = packed(tmp_path / "a.ods", table(row("Имя", "Цена"), rows, name="Л"))
    pages = list(read(path))
    assert {page.heading for page in pages} == {"Л"}
    tables = {block.table.header for page in pages for block in page.blocks if block.table}
    assert tables == {"Имя | Цена"}
    assert sum(len(page.blocks) for page in pages) == 9001


def test_slides_have_titles_notes_tables_and_charts(tmp_path: Path) -> None:
    def box(text: str, more: str) -> str:
        return f"<draw:frame {more}><draw:text-box>{text}</draw:text-box></draw:frame>"

    title, text = box(p("Итоги"), 'presentation:class="title"'), box(bullets("раз"), 'svg:y="9cm"')
    grid = table(row("Имя", "План"), row("А", "5"), more=' table:use-first-row-styles="true"')
    chart = '<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>'
    notes = (
        '<presentation:notes><draw:page-thumbnail presentation:class="page"/><draw:frame>'
        f"<draw:text-box>{p('Сказать')}</draw:text-box></draw:frame></presentation:notes>"
    )
    hidden = style(
        "H", '<style:drawing-page-properties presentation:visibility="hidden"/>', "drawing-page"
    )
    free = box(p("Сверху"), 'svg:y="1cm"')
    inside = (
        "<office:document-content xmlns:chart='urn:oasis:names:tc:opendocument:xmlns:chart:1.0' "
        "xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' "
        "xmlns:table='urn:oasis:names:tc:opendocument:xmlns:table:1.0' "
        "xmlns:text='urn:oasis:names:tc:opendocument:xmlns:text:1.0'><chart:chart>"
        f"<chart:title>{p('Продажи')}</chart:title>"
        f"{table(row('', 'Штук'), row('Май', '7'), row('Июнь', '8'))}</chart:chart>"
        "</office:document-content>"
    )
    path = packed(
        tmp_path / "a.odp",
        f'<draw:page draw:style-name="H">{text}{free}</draw:page>'
        f"<draw:page>{title}{text}<draw:frame>{grid}</draw:frame>{chart}{notes}</draw:page>",
        own=hidden, **{"Object 1/content": inside},
    )  # fmt: skip
    pages = list(read(path))
    assert [(page.number, page.heading) for page in pages] == [
        (2, "Итоги"), (1, "Сверху (скрытый слайд)"),
    ]  # fmt: skip
    assert shown(pages) == [
        ("paragraph", "раз"), ("row", "Имя | План"), ("row", "А | 5"), ("caption", "Продажи"),
        ("row", " | Штук"), ("row", "Май | 7"), ("row", "Июнь | 8"), ("note", "Сказать"),
        ("paragraph", "раз"),
    ]  # fmt: skip


def test_what_it_says_of_itself_is_known(tmp_path: Path) -> None:
    meta = "<dc:title>Приказ № 5</dc:title><dc:creator>Анна</dc:creator>"
    path = flat(tmp_path / "a.fodt", p("Текст"), meta=meta)
    assert properties(path) == "Приказ № 5\nАнна"
    with_meta = (
        "<m xmlns:meta='urn:oasis:names:tc:opendocument:xmlns:meta:1.0'>"
        "<meta:keyword>a</meta:keyword><meta:keyword>б</meta:keyword></m>"
    )
    assert properties(packed(tmp_path / "a.odt", p("Текст"), meta=with_meta)) == "a б"


def test_bad_files_are_refused_with_the_reason(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.odt", p("Т"), manifest="<a><encryption-data/></a>")
    with pytest.raises(Unreadable, match=r"^encrypted: save a copy without a password$"):
        list(read(path))
    entity = '<!DOCTYPE a [<!ENTITY x "y">]>'
    text = flat(tmp_path / "a.fodt", p("&x;")).read_text()
    (tmp_path / "a.fodt").write_text(text.replace("?>", f"?>{entity}", 1))
    with pytest.raises(Unreadable, match=r"^damaged: a document type in its XML$"):
        list(read(tmp_path / "a.fodt"))
    with zipfile.ZipFile(tmp_path / "b.odt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", bytes(300 << 20))
    with pytest.raises(Unreadable, match=r"^too large: "):
        list(read(tmp_path / "b.odt"))
    (tmp_path / "c.odt").write_bytes(path.read_bytes()[:300])
    with pytest.raises(Unreadable, match=r"^damaged OpenDocument file: "):
        list(read(tmp_path / "c.odt"))
