"""HTML: what is text, its headings, encodings, broken pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.readers import Page, Unreadable, read
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
        "<nav><ul><li>Меню</li></ul></nav>",
        "<noscript>Включите</noscript>",
        "<template><p>Шаблон</p></template>",
        "<header><a href='/'>Логотип</a></header>",
        "<footer><p>© 2020</p></footer>",
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
    assert read_html(tmp_path, page) == [Page("А\n\nАвтор", heading="Глава")]


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
