"""Books and notes: headings, lists, tables and code of each markup."""

from __future__ import annotations

import json
import zipfile
from itertools import pairwise
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest

from indexer.readers import Page, Unreadable, read

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)
SAME = [
    ("Правила › Корм", "paragraph", "Корм выдают утром."),
    ("Правила › Корм", "item", "1. Фарш"), ("Правила › Корм", "item", "2. Вода"),
    ("Правила › Корм", "item", "- тёплая"),
    ("Правила › Цены", "row", "Корм | Цена"), ("Правила › Цены", "row", "Фарш | 120"),
    ("Правила › Цены", "code", "feed --all"),
]  # fmt: skip
MARKUPS = {
    ".org": """#+TITLE: Правила
#+OPTIONS: toc:nil
* Корм                                                   :еда:
:PROPERTIES:
:CUSTOM_ID: feed
:END:
Корм выдают *утром*.
1. Фарш
2. Вода
   - тёплая
* Цены
| Корм | Цена |
|------+------|
| Фарш |  120 |

#+BEGIN_SRC sh
feed --all
#+END_SRC
""",
    ".textile": """<title>Правила</title>

h1(#feed). Корм

Корм выдают *утром*.

# Фарш
# Вода
** тёплая

h1. Цены

|_. Корм |_. Цена |
| Фарш | 120 |

bc. feed --all
""",
    ".wiki": """<title>Правила</title>
= Корм =
Корм выдают '''утром'''.

# Фарш
# Вода
#* тёплая

= Цены =
{| class="wikitable"
|-
! Корм !! style="text-align:right" | Цена
|-
| Фарш
| 120
|}
<syntaxhighlight lang="sh">
feed --all
</syntaxhighlight>
[[Категория:Виварий]]
""",
    ".tex": r"""\documentclass{article}
\title{Правила} % и комментарий
\begin{document}
\maketitle
\section{Корм}\label{feed}
Корм выдают \textbf{утром}.
\begin{enumerate}
\def\labelenumi{\arabic{enumi}.}
\item Фарш
\item Вода
  \begin{itemize} \item тёплая \end{itemize}
\end{enumerate}
\section{Цены}
\begin{tabular}{@{}lr@{}}
\toprule
Корм & Цена \\
\midrule
Фарш & 120 \\
\bottomrule
\end{tabular}
\begin{verbatim}
feed --all
\end{verbatim}
\end{document}
""",
    ".man": r""".TH "Правила" "" "2025" "" ""
.SH Корм
Корм выдают \f[B]утром\f[R].
.IP "1." 3
Фарш
.IP "2." 3
Вода
.RS 4
.IP \[bu] 2
тёплая
.RE
.SH Цены
.TS
tab(@);
l r.
T{
Корм
T}@T{
Цена
T}
_
Фарш@120
.TE
.EX
feed --all
.EE
""",
    ".dbk": """<?xml version="1.0"?><article xmlns="http://docbook.org/ns/docbook">
<info><title>Правила</title></info><section><title>Корм</title>
<para>Корм выдают <emphasis>утром</emphasis>.</para>
<orderedlist><listitem><para>Фарш</para></listitem><listitem><para>Вода</para>
<itemizedlist><listitem><para>тёплая</para></listitem></itemizedlist></listitem></orderedlist>
</section><section><title>Цены</title><informaltable><tgroup cols="2"><colspec/>
<thead><row><entry>Корм</entry><entry>Цена</entry></row></thead>
<tbody><row><entry>Фарш</entry><entry>120</entry></row></tbody></tgroup></informaltable>
<screen>feed --all</screen></section></article>
""",
}  # fmt: skip


def written(folder: Path, suffix: str, text: str | bytes) -> list[Page]:
    path = folder / f"a{suffix}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read(path))


def told(pages: list[Page]) -> list[tuple[str | None, str, str]]:
    return [
        (page.heading, block.kind, page.text[block.start : block.stop])
        for page in pages
        for block in page.blocks
    ]


def book(path: Path, parts: dict[str, str]) -> list[Page]:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return list(read(path))


def package(*chapters: str, spine: bool = True) -> str:
    items = "".join(
        f'<item id="{name}" href="{name}.xhtml" properties="{name if name == "nav" else ""}"/>'
        for name in chapters
    )
    refs = "".join(f'<itemref idref="{name}"/>' for name in chapters) if spine else ""
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<metadata><dc:title>Вафли</dc:title><dc:creator>А. Рогова</dc:creator></metadata>"
        f"<manifest>{items}</manifest><spine>{refs}</spine></package>"
    )


@pytest.mark.parametrize("suffix", sorted(MARKUPS))
def test_every_markup_gives_the_same_blocks(tmp_path: Path, suffix: str) -> None:
    assert told(written(tmp_path, suffix, MARKUPS[suffix])) == SAME


@pytest.mark.parametrize(
    ("suffix", "text", "plain"),
    [
        (".org", "См. [[https://a.b][сайт]], /да/ и =код=.", "См. сайт, да и код."),
        (".org", "- Дьюар :: Сосуд\n", "Дьюар: Сосуд"),
        (".org", "# нет\n#+BEGIN_COMMENT\nнет\n#+END_COMMENT\nда", "да"),
        (".org", "путь /usr/bin и 3*4*5", "путь /usr/bin и 3*4*5"),
        (".textile", 'См. "сайт":https://a.b/c, @код@ и &#45; знак.', "См. сайт, код и - знак."),
        (".textile", "bc.. раз\n\nдва\n\np. три", "раз\n\nдва\n\nтри"),
        (".wiki", "См. [[Цены|цену]], [https://a.b сайт] и ''вес''.", "См. цену, сайт и вес."),
        (".wiki", "{{Карточка\n|имя = Рогов\n|пусто =\n}}\nТекст", "имя: Рогов\n\nТекст"),
        (".wiki", "Вес<ref>По норме.</ref> 5 кг", "Вес [1] 5 кг\n\n[1] По норме."),
        (".wiki", "; Дьюар : Сосуд", "Дьюар: Сосуд"),
        (".tex", r"\section*{А}5\,\% ---~<<да>>, \href{http://a}{сайт} \& \'e",
         "5 % — «да», сайт & é"),
        (".tex", r"Вес\footnote{По \emph{норме}.} 5", "Вес (По норме.) 5"),
        (".tex", "\\begin{description}\\item[Дьюар] Сосуд\\end{description}", "Дьюар: Сосуд"),
        (".tex", "100\\% % нет\nда", "100% да"),
        (".1", "Просто журнал", "Просто журнал"),
        (".man", ".TH A 1\n.TP\n.B \\-v\nГромче.", "-v: Громче."),
        (".man", ".Dd May\n.Dt A 1\n.Sh B\n.Nm ls\n.Op Fl l", "ls [-l]"),
        (".dbk", "<article><para>Вес&nbsp;5<footnote><para>Нет</para></footnote></para></article>",
         "Вес 5 (Нет)"),
    ],
)  # fmt: skip
def test_constructs_as_plain_text(tmp_path: Path, suffix: str, text: str, plain: str) -> None:
    assert "\n\n".join(page.text for page in written(tmp_path, suffix, text)) == plain


def test_commands_that_double_each_other_end_at_a_limit(tmp_path: Path) -> None:
    head = "".join(f"\\newcommand{{\\{a}}}{{\\{b}\\{b}}}" for a, b in pairwise(ascii_lowercase))
    body = f"{head}\\begin{{document}}\\a да\\end{{document}}"
    assert written(tmp_path, ".tex", body)[0].text.endswith("да")


def test_a_book_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    chapters = {"b": "<h1>Тесто</h1><p>Три яйца.</p>", "a": "<h1>Печь</h1><p>Две минуты.</p>"}
    parts = {
        f"OEBPS/{name}.xhtml": f"<html><head><title>{name}.xhtml</title></head>{text}</html>"
        for name, text in chapters.items()
    }
    nav = "<html><nav><ol><li><a href='b.xhtml'>Тесто</a></li></ol></nav></html>"
    pages = book(tmp_path / "a.epub", {
        "META-INF/container.xml": CONTAINER, "OEBPS/book.opf": package("nav", "b", "a"),
        "OEBPS/nav.xhtml": nav, **parts,
    })  # fmt: skip
    assert [(page.heading, page.text) for page in pages] == [
        ("Вафли", "Автор: А. Рогова"), ("Вафли › Тесто", "Три яйца."),
        ("Вафли › Печь", "Две минуты."),
    ]  # fmt: skip


@pytest.mark.parametrize("opf", [package("a", spine=False), "", "<package>"])
def test_a_book_without_a_spine_gives_its_chapters(tmp_path: Path, opf: str) -> None:
    parts = {"META-INF/container.xml": CONTAINER} | ({"OEBPS/book.opf": opf} if opf else {})
    pages = book(tmp_path / "a.epub", {**parts, "OEBPS/a.xhtml": "<p>Три яйца.</p>"})
    assert pages[-1].text == "Три яйца."


def test_a_protected_book_says_so(tmp_path: Path) -> None:
    encryption = (
        '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData>'
        '<e:CipherData><e:CipherReference URI="OEBPS/a.xhtml"/></e:CipherData>'
        "</e:EncryptedData></encryption>"
    )
    with pytest.raises(Unreadable, match=r"protected against copying \(DRM\)"):
        book(tmp_path / "a.epub", {
            "META-INF/container.xml": CONTAINER, "OEBPS/book.opf": package("a"),
            "META-INF/encryption.xml": encryption, "OEBPS/a.xhtml": "junk",
        })  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1251"])
def test_a_book_of_fictionbook(tmp_path: Path, encoding: str) -> None:
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>'
        '<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><description><title-info>'
        "<genre>sf</genre><book-title>Вафли</book-title></title-info></description><body><section>"
        "<title><p>Глава 1</p><p>Тесто</p></title><p>Три яйца<a>[1]</a>.</p><poem><stanza>"
        "<v>Мука</v><v>и соль</v></stanza></poem></section></body><body name='notes'><section>"
        "<title><p>1</p></title><p>Свежих.</p></section></body><binary>AAAA</binary></FictionBook>"
    )
    pages = written(tmp_path, ".fb2", text.encode(encoding))
    assert [(page.heading, page.text) for page in pages] == [
        ("Вафли › Глава 1 Тесто", "Три яйца[1].\n\nМука\n\nи соль"), ("Вафли › 1", "Свежих."),
    ]  # fmt: skip
    assert told(written(tmp_path, ".xml", text.encode(encoding))) == told(pages)


def test_a_notebook_gives_text_code_and_results(tmp_path: Path) -> None:
    table = (
        "<div>\n<style>\n\n</style>\n<table><tr><th>Вес<th>Цена</tr><tr><td>5<td>7</table></div>"
    )
    outputs = [
        {"output_type": "stream", "text": ["\x1b[31mитог: 12\x1b[0m\n"]},
        {"output_type": "execute_result", "data": {"text/html": table, "text/plain": "нет"}},
        {"output_type": "display_data", "data": {"image/png": "AAAA", "text/plain": "<Figure>"}},
        {"output_type": "error", "ename": "ValueError", "evalue": "мало"},
    ]
    cells = [
        {"cell_type": "markdown", "source": ["# Вес\n", "\n", "Сумма **весов**:"]},
        {"cell_type": "code", "source": "print('`' * 3)", "outputs": outputs},
        {"cell_type": "raw", "source": "нет"},
    ]
    blocks = told(written(tmp_path, ".ipynb", json.dumps({"cells": cells, "nbformat": 4})))
    assert blocks == [
        ("Вес", "paragraph", "Сумма весов:"), ("Вес", "code", "print('`' * 3)"),
        ("Вес", "code", "итог: 12"), ("Вес", "row", "Вес | Цена"), ("Вес", "row", "5 | 7"),
        ("Вес", "code", "<Figure>"), ("Вес", "code", "ValueError: мало"),
    ]  # fmt: skip


def test_a_million_results_are_cut(tmp_path: Path) -> None:
    outputs = [{"output_type": "stream", "text": "да"}] * 1_000_000
    cells = [{"cell_type": "code", "source": "run()", "outputs": outputs}]
    blocks = told(written(tmp_path, ".ipynb", json.dumps({"cells": cells})))
    assert len(blocks) == 21


@pytest.mark.parametrize("content", ["{}", "[]", '{"cells": 5}', '{"worksheets": [[]]}'])
def test_json_without_cells_is_no_notebook(tmp_path: Path, content: str) -> None:
    with pytest.raises(Unreadable, match="no notebook"):
        written(tmp_path, ".ipynb", content)


def test_source_gives_code_in_pieces_and_comments_as_text(tmp_path: Path) -> None:
    text = (
        '"""Считает цены."""\n\nimport os\n\n\ndef price(x):\n    return 2 * x\n\n\n'
        "# Скидка:\n# 5 %.\n"
    )
    assert told(written(tmp_path, ".py", text)) == [
        (None, "paragraph", "Считает цены."), (None, "code", "import os"),
        (None, "code", "def price(x):\n    return 2 * x"), (None, "paragraph", "Скидка:\n5 %."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("suffix", "comment"),
    [
        (".js", "/**\n * Считает цены.\n */"), (".sql", "-- Считает цены."),
        (".ini", "; Считает цены."), (".xml", "<!-- Считает цены. -->"),
        (".go", "// Считает цены."), (".bat", "REM"),
    ],
)  # fmt: skip
def test_comments_of_other_languages(tmp_path: Path, suffix: str, comment: str) -> None:
    first, *_ = told(written(tmp_path, suffix, f"{comment}\n\nx = 1\n"))
    expected = ("code", comment) if suffix == ".bat" else ("paragraph", "Считает цены.")
    assert first[1:] == expected


@pytest.mark.parametrize("text", ["a" * 30_000, "\n".join(["var a=1;" * 100] * 100)])
def test_minified_source_is_passed_over(tmp_path: Path, text: str) -> None:
    with pytest.raises(Unreadable, match="minified"):
        written(tmp_path, ".js", text)


def deep(count: int) -> str:
    return "[" * count + "]" * count


@pytest.mark.parametrize(
    ("suffix", "content", "reason"),
    [
        (".json", deep(100_000), "nested too deep"), (".json", "{", "damaged JSON"),
        (".jsonl", "нет\nнет", "2 of 2 lines are not JSON"), (".epub", "нет", "damaged book"),
        (".fb2", "нет", "damaged"), (".vcf", "нет", "damaged"), (".ics", "нет", "damaged"),
    ],
)  # fmt: skip
def test_what_is_not_read_has_a_reason(
    tmp_path: Path, suffix: str, content: str, reason: str
) -> None:
    with pytest.raises(Unreadable, match=reason):
        written(tmp_path, suffix, content)


@pytest.mark.parametrize(
    ("value", "blocks"),
    [
        ({"тема": "Пропуск", "кабинет": 405, "нет": None},
         [(None, "field", "тема: Пропуск"), (None, "field", "кабинет: 405")]),
        ({"склад": {"адрес": "Мира, 5", "дни": ["вт", "чт"]}},
         [("склад", "field", "адрес: Мира, 5"), ("склад", "field", "дни: вт, чт")]),
        ({"цены": [{"товар": "Винт", "цена": 5}, {"товар": "Гайка", "цена": 7.5}]},
         [("цены", "row", "товар | цена"), ("цены", "row", "Винт | 5"),
          ("цены", "row", "Гайка | 7.5")]),
        ([{"имя": "Рогов", "адрес": {"город": "Тула"}}, {"имя": "Зимина", "тел": "4-05"}],
         [(None, "row", "имя | адрес.город | тел"), (None, "row", "Рогов | Тула | "),
          (None, "row", "Зимина |  | 4-05")]),
        ([{"title": "Ключ", "text": "У вахты. " * 50}, {"title": "Печь", "text": "Нет."}],
         [("Ключ", "field", "title: Ключ"), ("Ключ", "field", "text:"),
          ("Ключ", "paragraph", ("У вахты. " * 50).strip()), ("Печь", "field", "title: Печь"),
          ("Печь", "field", "text: Нет.")]),
        (["один", 2], [(None, "item", "- один"), (None, "item", "- 2")]),
        ("просто", [(None, "paragraph", "просто")]),
    ],
)  # fmt: skip
def test_json_as_records(tmp_path: Path, value: Any, blocks: list[Any]) -> None:
    assert told(written(tmp_path, ".json", json.dumps(value))) == blocks


def test_lines_of_json_as_rows_and_bad_ones_counted(tmp_path: Path) -> None:
    lines = [json.dumps({"имя": f"Рогов {number}", "тел": number}) for number in range(500)]
    pages = written(tmp_path, ".jsonl", "\n".join([*lines, "нет"]))
    blocks = told(pages)
    assert [text for _, _, text in blocks[:2]] == ["имя | тел", "Рогов 0 | 0"]
    assert len(blocks) == 501
    assert pages[-1].left_out == "1 of 501 lines are not JSON"


@pytest.mark.parametrize("spaces", ["", ' xmlns="urn:1C" xmlns:xsi="http://www.w3.org/2001/XML"'])
def test_xml_as_records(tmp_path: Path, spaces: str) -> None:
    text = (
        f'<Заказ{spaces} Номер="7"><Срок>май</Срок><Товары>'
        '<Товар Код="1"><Имя>Стол</Имя><Цена>90</Цена></Товар>'
        '<Товар Код="2"><Имя>Стул</Имя><Цена>30</Цена></Товар></Товары>'
        '<Адрес Вид="склад">Канск</Адрес></Заказ>'
    )
    assert told(written(tmp_path, ".xml", text)) == [
        ("Заказ", "field", "Номер: 7"), ("Заказ", "field", "Срок: май"),
        ("Заказ › Товары", "row", "Код | Имя | Цена"), ("Заказ › Товары", "row", "1 | Стол | 90"),
        ("Заказ › Товары", "row", "2 | Стул | 30"),
        ("Заказ › Адрес", "field", "Вид: склад"), ("Заказ › Адрес", "field", "Адрес: Канск"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["<a>Один <b>два</b> три</a>", "<!-- Цены. -->\n<a>\n<b>5</b></a>", "<a><b>5</b>"]
)
def test_xml_that_holds_no_records_is_source(tmp_path: Path, text: str) -> None:
    assert "</b>" in "".join(page.text for page in written(tmp_path, ".xml", text))


def test_contacts_with_labels(tmp_path: Path) -> None:
    card = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Рогов;Пётр;Ильич;;\r\nFN:Пётр Рогов\r\n"
        "ORG:Институт;Отдел\\, 5\r\nTITLE:инже\r\n нер\r\nTEL;TYPE=CELL:+7 900 123-45-67\r\n"
        "item1.EMAIL;TYPE=INTERNET:p@lab.ru\r\nADR;TYPE=WORK:;;Мира\\, 5;Тула;;;Россия\r\n"
        "BDAY:1980-05-12\r\nPHOTO;ENCODING=b:AAAA\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=97=D0=B8=D0=BC=\n"
        "=D0=B8=D0=BD;\nTEL;HOME:4-05\nEND:VCARD\n"
    )
    assert told(written(tmp_path, ".vcf", card)) == [
        ("Пётр Рогов", "field", line)
        for line in ("Имя: Пётр Рогов", "Организация: Институт, Отдел, 5", "Должность: инженер",
                     "Телефон (мобильный): +7 900 123-45-67", "Почта: p@lab.ru",
                     "Адрес: Мира, 5, Тула, Россия", "День рождения: 12.05.1980")
    ] + [
        ("Зимин", "field", "Имя: Зимин"), ("Зимин", "field", "Телефон (домашний): 4-05"),
    ]  # fmt: skip


def test_calendars_with_labels(tmp_path: Path) -> None:
    text = (
        "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\n"
        "SUMMARY:Учёный совет\r\nDTSTART;TZID=Europe/Moscow:20251204T090000\r\n"
        "DTEND:20251204T103000Z\r\nLOCATION:Малый зал\\, корпус 2\r\n"
        'RRULE:FREQ=WEEKLY;BYDAY=TH\r\nORGANIZER;CN="Рогов, П.":mailto:p@lab.ru\r\n'
        "DESCRIPTION:Отчёты\\nи планы\r\nBEGIN:VALARM\r\nDESCRIPTION:Нет\r\nEND:VALARM\r\n"
        "END:VEVENT\r\nBEGIN:VTODO\r\nSUMMARY:Сдать отчёт\r\nDUE;VALUE=DATE:20251231\r\n"
        "STATUS:CANCELLED\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    )
    assert told(written(tmp_path, ".ics", text)) == [
        ("Учёный совет", "field", line)
        for line in ("Начало: 04.12.2025 09:00 (Europe/Moscow)", "Конец: 04.12.2025 10:30 UTC",
                     "Повторяется: каждую неделю: четверг", "Место: Малый зал, корпус 2",
                     "Организатор: Рогов, П. <p@lab.ru>", "Описание: Отчёты\nи планы")
    ] + [
        ("Сдать отчёт", "field", "Срок: 31.12.2025"), ("Сдать отчёт", "field", "Статус: отменено"),
    ]  # fmt: skip


def test_english_cards_have_english_labels(tmp_path: Path) -> None:
    card = "BEGIN:VCARD\nFN:Ann Lee\nTEL;TYPE=work,fax:555\nBDAY:--0512\nEND:VCARD\n"
    assert [text for *_, text in told(written(tmp_path, ".vcf", card))] == [
        "Name: Ann Lee", "Phone (work, fax): 555", "Birthday: 12.05",
    ]  # fmt: skip
