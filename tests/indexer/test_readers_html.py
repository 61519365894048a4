"""HTML: what is text, its headings, encodings, broken pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.readers import Page, Table, Unreadable, read
from tests.indexer.sample_files import CONTRACT


def read_html(folder: Path, page: str | bytes) -> list[Page]:
    path = folder / "a.html"
    path.write_bytes(page if isinstance(page, bytes) else page.encode())
    return list(read(path))


def test_sections_stand_under_title_and_headings(tmp_path: Path) -> None:
    page = """<!doctype html><html><head><title>Устав</title></head><body>
    <p>Начало</p><h1>Цели</h1><p>Один</p><h2>Срок</h2><p>Два</p><h1>Итог</h1><p>Три</p></body>"""
    assert read_html(tmp_path, page) == [
        Page("Начало", heading="Устав"),
        Page("Один", heading="Устав › Цели"),
        Page("Два", heading="Устав › Цели › Срок"),
        Page("Три", heading="Устав › Итог"),
    ]


def test_a_heading_that_repeats_the_title_is_named_once(tmp_path: Path) -> None:
    page = "<title>Устав</title><h1>Устав</h1><p>Текст"
    assert read_html(tmp_path, page) == [Page("Текст", heading="Устав")]


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>if (a < b) '</p>'</script>",
        "<style>p {}</style>",
        "<noscript>Включите</noscript>",
        "<template><p>Шаблон</p></template>",
        "<p hidden>Скрыто</p>",
        "<div style='Display: none'><p>Скрыто<br>да</p></div>",
        "<!-- замечание -->",
        "<svg><title>Рисунок</title></svg>",
    ],
)
def test_what_people_do_not_see_is_skipped(tmp_path: Path, hidden: str) -> None:
    assert read_html(tmp_path, f"<p>до{hidden}<p>после") == [Page("до\n\nпосле")]


def test_headings_in_headers_and_footers_of_articles_stay(tmp_path: Path) -> None:
    page = "<header>Лого<h1>Глава</h1></header><article><p>А</p><footer>Автор</footer></article>"
    assert read_html(tmp_path, page) == [
        Page("А\n\nАвтор", heading="Глава"),
        Page("Лого"),
    ]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>при<b>ве</b>т, <i>мир</i>", "привет, мир"),
        ("<div>один<div>два</div>три</div>", "один\n\nдва\n\nтри"),
        ("<p>стих<br>строка", "стих\nстрока"),
        ("<ul><li>раз<li><p>два</p></ul><p>три", "- раз\n- два\n\nтри"),
        ("<p>5&nbsp;&lt;&#x2009;6 &mdash; да&#1103;", "5 < 6 — дая"),
        ("<pre>if a:\n    b = 1\n</pre>", "if a:\n    b = 1"),
        ("<p>  много \n\n пробелов </p>", "много пробелов"),
        ("<table><tr><th>Имя<th>Цена<tr><td><p>Винт</p><td>5</table>", "Имя | Цена\nВинт | 5"),
        ("<p><img src=a.png alt='Схема'>", "Схема"),
        ("<p>план<img src=a.png alt='Схема'>ниже", "план Схема ниже"),
        ("<ol start=3><li>раз<li>два<ol><li>три</ol></ol>", "3. раз\n4. два\n1. три"),
        ("<p>Нажмите <button>Сохранить</button>, чтобы", "Нажмите Сохранить, чтобы"),
        ("текст без тегов", "текст без тегов"),
        ("<b><p>не</i>за</div>крыто</b><td>да", "незакрыто\n\nда"),
        ("<p>обрыв <a href='", "обрыв"),
        ("<div>" * 5000 + "дно", "дно"),
    ],
)
def test_tags_become_plain_text(tmp_path: Path, page: str, text: str) -> None:
    assert read_html(tmp_path, page) == [Page(text)]


def test_tables_for_layout_keep_their_paragraphs(tmp_path: Path) -> None:
    page = f"<table><tr><td><p>{CONTRACT}</p><p>{CONTRACT}</p></td></tr></table>"
    assert read_html(tmp_path, page) == [Page(f"{CONTRACT}\n\n{CONTRACT}")]


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("<meta charset=windows-1251>", "cp1251"),
        ('<meta http-equiv=Content-Type content="text/html; charset=koi8-r">', "koi8-r"),
        ('<?xml version="1.0" encoding="windows-1251"?>', "cp1251"),
        ("<meta charset=iso-8859-5>", "iso-8859-5"),
        ("<meta charset=iso-8859-1>", "cp1251"),
        ("<meta charset=base64>", "cp1251"),
        ("<meta charset=windows-1251>", "utf-8"),
        ("<meta charset=utf-8>", "cp1251"),
        ("<meta charset=no-such>", "cp1251"),
        ("", "koi8-r"),
        ("", "utf-8-sig"),
        ("<meta charset=utf-8>", "utf-16"),
    ],
)
def test_the_encoding_is_declared_or_found(tmp_path: Path, declared: str, encoding: str) -> None:
    page = f"{declared}<p>{CONTRACT}</p>"
    assert read_html(tmp_path, page.encode(encoding)) == [Page(CONTRACT)]


@pytest.mark.parametrize("page", ["<title>App</title><div id=root></div>", "<p> ", "<!-- -->"])
def test_a_page_without_text_is_empty(tmp_path: Path, page: str) -> None:
    with pytest.raises(Unreadable, match=r"^empty$"):
        read_html(tmp_path, page)


def test_a_long_page_is_cut(tmp_path: Path) -> None:
    pages = read_html(tmp_path, f"<h1>Глава</h1>{f'<p>{CONTRACT}</p>' * 3000}")
    assert all(len(page.text) <= 65536 and page.heading == "Глава" for page in pages)
    assert sum(page.text.count(CONTRACT) for page in pages) == 3000


def test_a_monstrous_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    with path.open("wb") as file:
        file.write(b"<p>text")
        file.truncate(73_000_000)
    with pytest.raises(Unreadable, match=r"^too large for HTML: 73 MB, the limit is 50 MB$"):
        list(read(path))


def blocks(folder: Path, page: str) -> list[tuple[str, str]]:
    return [
        (block.kind, each.text[block.start : block.stop])
        for each in read_html(folder, page)
        for block in each.blocks
    ]


def test_furniture_comes_last_and_contacts_in_it_are_text(tmp_path: Path) -> None:
    page = """<title>Вафля</title><header><a href="/">Главная</a>
    <p>Работаем круглосуточно</p></header>
    <nav><ul><li>Меню</ul></nav><h1>Торты</h1><p>Два дня</p><aside><a href=b>Архив</a></aside>
    <footer><p>Тел. <a href="tel:8">8 800 700-11-22</a></p><p>© 2020</p></footer>"""
    assert [each.heading for each in read_html(tmp_path, page)] == ["Вафля › Торты", "Вафля"]
    assert blocks(tmp_path, page) == [
        ("paragraph", "Два дня"),
        ("furniture", "Главная"),
        ("paragraph", "Работаем круглосуточно"),
        ("furniture", "Меню"),
        ("furniture", "Архив"),
        ("paragraph", "Тел. 8 800 700-11-22"),
        ("furniture", "© 2020"),
    ]


@pytest.mark.parametrize(
    "page",
    [
        "<h2><button>Где ключ?</button></h2><div class='accordion-collapse collapse'><p>У вахты",
        "<button aria-controls=a aria-expanded=false>Где ключ?</button><div id=a hidden>У вахты",
        "<a data-toggle=collapse href='#a'>Где ключ?</a><p id=a style='display:none'>У вахты",
        "<details><summary>Где ключ?</summary>У вахты</details>",
        "<dl><dt>Где ключ?<dd>У вахты</dl>",
        "<dl><dt><button aria-controls=a>Где ключ?</button><dd id=a hidden>У вахты</dl>",
    ],
)
def test_panels_answer_the_buttons_that_show_them(tmp_path: Path, page: str) -> None:
    assert blocks(tmp_path, page) == [("question", "Где ключ?"), ("answer", "У вахты")]


def test_tabs_stand_over_their_panels(tmp_path: Path) -> None:
    page = """<button role=tab aria-controls=a>Зима</button><li role=tab id=t>Лето</li>
    <div role=tabpanel id=a><p>Закрыто</div>
    <div role=tabpanel aria-labelledby=t hidden>Открыто</div><p>Итог"""
    assert blocks(tmp_path, page) == [
        ("question", "Зима"),
        ("answer", "Закрыто"),
        ("question", "Лето"),
        ("answer", "Открыто"),
        ("paragraph", "Итог"),
    ]


def test_buttons_that_show_nothing(tmp_path: Path) -> None:
    page = (
        "<button>Войти</button><button>Скачать форму заявки</button><h2><button>Цены</button></h2>"
    )
    assert read_html(tmp_path, page + "<p>Пять рублей") == [
        Page("Скачать форму заявки"),
        Page("Пять рублей", heading="Цены"),
    ]


def test_terms_stand_with_their_definitions(tmp_path: Path) -> None:
    page = "<dl><dt>Лоция<dt>Лот:<dd>Книга<dd>Том<dt>Борт<dd><ul><li>Левый</ul></dl>"
    assert blocks(tmp_path, page) == [
        ("field", "Лоция, Лот: Книга"),
        ("field", "Лоция, Лот: Том"),
        ("paragraph", "Борт:"),
        ("item", "- Левый"),
    ]


def test_terms_that_nothing_defines_are_text(tmp_path: Path) -> None:
    page = "<dl><dt>Лот<dd>Книга<dd><dt>Борт<dt>Трюм</dl><p>Итог"
    assert blocks(tmp_path, page) == [
        ("field", "Лот: Книга"),
        ("paragraph", "Борт"),
        ("paragraph", "Трюм"),
        ("paragraph", "Итог"),
    ]


def test_form_fields_stand_with_their_labels(tmp_path: Path) -> None:
    page = """<form><label>Телефон:</label><input value=405><label>ФИО <input value="Рогов"></label>
    <label for=b>О себе</label><textarea id=b>Водитель</textarea><label>Пусто</label><input>
    <label>Отдел</label><select><option>АХО<option selected>Гараж</select>
    <input type=hidden value=x><input type=password value=y>
    <label><input type=checkbox checked> Согласен</label></form>"""
    assert blocks(tmp_path, page) == [
        ("field", "Телефон: 405"),
        ("field", "ФИО: Рогов"),
        ("field", "О себе: Водитель"),
        ("paragraph", "Пусто"),
        ("field", "Отдел: Гараж"),
        ("paragraph", "[x] Согласен"),
    ]


def test_a_table_has_a_name_a_header_and_spanned_values(tmp_path: Path) -> None:
    page = """<table><caption>Склад</caption>
    <tr><th rowspan=2>Товар<th colspan=2>Цена<tr><th>опт<th>розница
    <tr><td rowspan=2>Винт<td>5<td>7<tr><td colspan=2>нет<tr><td colspan=3>Итого</table>"""
    pages = read_html(tmp_path, page)
    assert pages == [
        Page("Склад\n\nТовар | Цена опт | Цена розница\nВинт | 5 | 7\nВинт | нет | нет\nИтого")
    ]
    assert {block.table for block in pages[0].blocks} == {
        Table("Склад", "Товар | Цена опт | Цена розница")
    }


@pytest.mark.parametrize("alt", ["Схема клетки для сурка", "Схема", "Вид сбоку, IMG 5.png"])
def test_a_picture_alone_has_its_text_as_caption(tmp_path: Path, alt: str) -> None:
    page = f"<p>До</p><p><img src=a.png alt='{alt}'></p><p>Вот <img src=b.png alt='{alt}'> она</p>"
    kind = "caption" if alt.endswith("сурка") else "paragraph"
    assert blocks(tmp_path, page) == [
        ("paragraph", "До"), (kind, alt), ("paragraph", f"Вот {alt} она"),
    ]  # fmt: skip


def test_a_table_without_names_has_no_header(tmp_path: Path) -> None:
    page = "<table><tr><th>Адрес<td>Псков<tr><td>Часы<td>с 9 до 18</table>"
    assert read_html(tmp_path, page) == [Page("Адрес | Псков\nЧасы | с 9 до 18")]
    assert [block.table for block in read_html(tmp_path, page)[0].blocks] == [None, None]


@pytest.mark.parametrize(
    "first",
    [
        "<td><b>Имя</b></td><td><strong>Дом</strong>",
        "<td><p><b>Имя</b></p></td><td><b> Дом </b>",
    ],
)
def test_a_bold_first_row_names_the_columns(tmp_path: Path, first: str) -> None:
    page = f"<table><tr>{first}</td></tr><tr><td>Рог</td><td>Третий</td></tr></table>"
    (found,) = read_html(tmp_path, page)
    assert [block.table for block in found.blocks] == [Table(header="Имя | Дом")] * 2


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        (["Имя|Дом|Цена", "Рог|Третий|40", "Лис|Пятый|60"], "Имя | Дом | Цена"),
        (["Имя|Дом|Цена", "Рог|Третий|40", *["Лис|Пятый|60"] * 99], "Имя | Дом | Цена"),
        (["Имя|Рог", "Отдел|Склад", "Цвет|Серый"], ""),
        (["Чай|40", "Кофе|60", "Вода|0"], ""),
        (["Имя|Дом|Цвет", "Рог|Третий|Серый"], ""),
    ],
)
def test_a_first_row_unlike_the_others_names_the_columns(
    tmp_path: Path, rows: list[str], header: str
) -> None:
    lines = ("".join(f"<td>{cell}</td>" for cell in line.split("|")) for line in rows)
    (page,) = read_html(tmp_path, f"<table><tr>{'</tr><tr>'.join(lines)}</tr></table>")
    assert page.text.split("\n") == [line.replace("|", " | ") for line in rows]
    tables = {block.table for block in page.blocks}
    assert tables == {Table(header=header) if header else None}


def test_a_table_inside_a_table_keeps_its_rows(tmp_path: Path) -> None:
    inner = "<table><tr><th>Имя<th>Цена<tr><td>Винт<td>5</table>"
    page = f"<table><tr><td><h2>Глава</h2><p>До</p>{inner}</td><td>После</td></tr></table>"
    assert read_html(tmp_path, page) == [
        Page("До\n\nИмя | Цена\nВинт | 5\n\nПосле", heading="Глава")
    ]


def test_spans_can_not_blow_up_a_page(tmp_path: Path) -> None:
    cell = f"<td colspan=1000 rowspan=60000>{'я' * 300}</td>"
    page = f"<table><tr>{cell}</tr>{'<tr><td>x' * 5000}</table>"
    assert sum(len(each.text) for each in read_html(tmp_path, page)) < 15_000_000


def test_xhtml_closes_elements_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.xhtml"
    path.write_text(
        "<html><head><script src='a'/></head><body><p>Текст<a id='b'/></p></body></html>"
    )
    assert list(read(path)) == [Page("Текст")]


def test_a_page_made_by_a_script_is_named_so(tmp_path: Path) -> None:
    page = "<title>App</title><noscript>Включите</noscript><div id=root></div><script>x=1</script>"
    with pytest.raises(Unreadable, match=r"^made by JavaScript, "):
        read_html(tmp_path, page)
