"""Small valid files of each format, which hold a little of all that its reader looks at."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.comments import Comment

from tests.indexer import open_files as o
from tests.indexer.open_files import flat, packed
from tests.indexer.sample_files import CONTRACT, encrypted_pdf, pdf, word
from tests.indexer.sheet_files import by_hand, excel
from tests.indexer.slide_files import SPACES, deck, shape
from tests.indexer.word_files import item, level, numbering, p, table, tc, tr, word_xml
from tests.real.fuzz_more_samples import more_samples

_TWICE = ' table:number-rows-repeated="2"'
TEXT = f"""ПРИКАЗ № 5

1. Общие положения
1.1. {CONTRACT}
  - первый пункт
  - второй пункт

Имя          Цена    Склад
Винт         5       А
Гайка        7,50    Б

Где ключ?
У вахтёра.

Глава 2 ........ 17
\f
Вторая страница
===============
"""
MARKDOWN = f"""---
title: Правила
---
# Правила

{CONTRACT} [Ссылка](https://example.org) и **важно**[^1].

1. Один
   - внутри
2. Два

| Товар | Цена |
|-------|-----:|
| Винт  | 5    |

> Цитата

```python
print(1)
```

<table><tr><th>А<th>Б<tr><td rowspan=2>1<td>2<tr><td>3</table>

[^1]: Сноска.
"""
RST = f"""Правила
=======

.. note:: {CONTRACT}

:Автор: Анна
:Дата: 2024-05-05

* Один
* Два

=====  =====
Товар  Цена
=====  =====
Винт   5
=====  =====

+-----+---+
| А   | Б |
+-----+---+
| 1   | 2 |
+-----+---+
"""
HTML = f"""<!doctype html><head><meta charset=utf-8><title>Вафля</title><style>a</style></head>
<body><header><a href="/">Главная</a></header><nav><ul><li>Меню</ul></nav><h1>Торты</h1>
<p>{CONTRACT}<br>Два&nbsp;дня &amp; ночь</p><ul><li>Раз<ol start=3><li>Три</ol><li>Два</ul>
<button role=tab aria-controls=a>Зима</button><div role=tabpanel id=a hidden><p>Закрыто</div>
<details><summary>Где ключ?</summary>У вахты</details><dl><dt>Лот:<dd>Книга</dl>
<form><label for=b>ФИО</label><input id=b value=Рогов><select><option selected>А</select></form>
<table><caption>Склад</caption><tr><th rowspan=2>Товар<th colspan=2>Цена<tr><th>опт<th>розница
<tr><td rowspan=2>Винт<td>5<td>7<tr><td colspan=2><table><tr><td>нет</table></table>
<pre>код  код</pre><script>var a = "<p>"</script><!-- нет --><footer><p>© 2020</p></footer>"""
CSV = "Прайс-лист;;\nТовар;Цена, руб.;Склад\n" + 'Винт;12,50;"А; ""Б"""\nГайка;7;\n' * 8


def samples(suffix: str, folder: Path) -> list[bytes]:
    """Valid files of a format; the folder is for those that are made as files."""
    texts = {".txt": TEXT, ".md": MARKDOWN, ".rst": RST, ".html": HTML, ".csv": CSV}
    if suffix in texts:
        text = texts[suffix]
        return [text.encode(), text.encode("cp1251", "replace"), (text * 3).encode("utf-16")]
    if found := more_samples(suffix):
        return found
    made = {
        ".docx": _word, ".xlsx": _excel, ".pptx": _slides, ".pdf": _pdf, ".rtf": _rtf, ".xls": _xls,
        **dict.fromkeys((".odt", ".fodt"), _open_text), **dict.fromkeys((".odp", ".fodp"), _show),
        **dict.fromkeys((".ods", ".fods"), _sheets),
    }[suffix]  # fmt: skip
    return list(made(folder / f"a{suffix}"))


def _rtf(path: Path) -> Iterable[bytes]:
    text = (
        r"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0\fcharset204 Arial;}{\f1\fcharset2 Symbol;}}"
        r"{\stylesheet{\s1\outlinelevel0 heading 1;}{\s2 toc 1;}}{\info{\title a}}"
        r"{\header\pard Header\par}\pard\s1\'cf\'f0\'e8\'ea\'e0\'e7\par\pard\plain "
        r"\u1044?\u1072?{\footnote note}{\b bold}{\v hidden}{\deleted gone}\line next\page "
        r"{\listtext 1.\tab}\ilvl1 item\par{\field{\*\fldinst PAGE}{\fldrslt 7}}\par "
        r"\trowd\trhdr\cellx2000\clmgf\cellx4000\intbl A\cell B\cell\row\trowd\clvmrg\cellx2000"
        r"\cellx3000\cellx4000\intbl 1\cell 2\cell 3\cell\row\pard "
        r"{\shp{\*\shpinst{\sp{\sn a}{\sv b}}{\shptxt\pard box\par}}}{\pict\bin4 abcd}"
        r"{\*\atnauthor Me}{\*\annotation remark}\par}"
    )
    yield text.encode()
    yield text.replace("ansicpg1251", "pc").replace(r"\par", "\\par\r\n").encode()


def _xls(path: Path) -> Iterable[bytes]:
    yield (Path(__file__).parents[1] / "indexer/office/sheet.xls").read_bytes()


def _open(path: Path, body: str, **more: str) -> Iterable[bytes]:
    """A body as two files of the kind that the suffix says."""
    make = flat if path.suffix.startswith(".f") else packed
    for text in (body, body + body):
        yield make(path, text, **more).read_bytes()


def _open_text(path: Path) -> Iterable[bytes]:
    note = f"<text:note><text:note-citation>1</text:note-citation>{o.p('Сноска')}</text:note>"
    box = f"<draw:frame><draw:text-box>{o.p('Рамка')}</draw:text-box></draw:frame>"
    merged = ' table:number-columns-spanned="2" table:number-rows-spanned="2"'
    body = (
        o.h("Глава")
        + o.p(f"{CONTRACT}<text:s text:c='3'/>{note}{box}<text:soft-page-break/>а", "P")
        + o.bullets("раз", o.p("два") + o.bullets("три"), style="L")
        + o.bullets("ещё", style="L", more=' text:continue-numbering="true"')
        + o.table(o.row("А", "Б"), o.row(o.cell("1", merged), o.cell("2")), name="Т")
        + f"<text:table-of-content>{o.p('Глава 7')}</text:table-of-content>"
    )  # fmt: skip
    numbers = 'style:num-format="1" style:num-suffix="." text:display-levels="2"'
    own = o.list_style("L", numbers, numbers) + (
        '<style:style style:name="P" style:family="paragraph" style:parent-style-name="P">'
        '<style:paragraph-properties fo:break-before="page"/></style:style>'
    )
    yield from _open(path, body, own=own)


def _sheets(path: Path) -> Iterable[bytes]:
    many = ' table:number-columns-repeated="4" office:value-type="float" office:value="1.5"'
    hidden = '<table:table-column table:visibility="collapse" table:number-columns-repeated="2"/>'
    merged = o.cell("Цена", ' table:number-columns-spanned="2" table:number-rows-spanned="2"')
    note = f"<office:annotation>{o.p('Верно?')}</office:annotation>"
    rows = (o.row("Имя", merged), o.row(o.cell(note + o.p("а")), o.cell("", many)))
    yield from _open(path, o.table(hidden, *rows, o.row("б", more=_TWICE), name="Лист"))


def _show(path: Path) -> Iterable[bytes]:
    title = f"<draw:frame><draw:text-box>{o.p('Итоги')}</draw:text-box></draw:frame>"
    title = title.replace("frame>", 'frame presentation:class="title" svg:y="1cm">', 1)
    text = f'<draw:frame svg:y="3cm"><draw:text-box>{o.bullets("раз")}</draw:text-box></draw:frame>'
    grid = f"<draw:g><draw:frame>{o.table(o.row('А', 'Б'), o.row('1', '2'))}</draw:frame></draw:g>"
    notes = f"<presentation:notes><draw:frame>{o.p('Сказать')}</draw:frame></presentation:notes>"
    yield from _open(path, f"<draw:page>{title}{text}{grid}{notes}</draw:page>")


def _pdf(path: Path) -> Iterable[bytes]:
    yield pdf([CONTRACT, f"1. Раз\n2. Два\nПере-\nнос {CONTRACT}", ""])
    yield pdf([b"BT /F1 10 Tf 50 800 Td (Plain text) Tj [(A) -250 (B)] TJ ET"])
    yield encrypted_pdf([CONTRACT], "", "RC4-128")


def _word(path: Path) -> Iterable[bytes]:
    references = '<w:r><w:footnoteReference w:id="2"/><w:commentReference w:id="2"/></w:r>'
    box = f"<w:r><w:drawing><w:txbxContent>{p('Рамка')}</w:txbxContent></w:drawing></w:r>"
    formula = "<m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den/></m:f></m:oMath>"
    field = '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText></w:r>'
    changed = "<w:ins><w:r><w:t>да</w:t></w:r></w:ins><w:del><w:r><w:delText>нет</w:delText></w:r>"
    merged = tr(
        tc(p("Винт"), '<w:vMerge w:val="restart"/>'), tc(p("5") + table(tr("1", "2")))
    ) + tr(tc(p(), "<w:vMerge/>"), tc(p("6"), '<w:gridSpan w:val="2"/>'))
    body = (
        p("Приказ", '<w:pStyle w:val="h"/>')
        + p(f"<w:r><w:t>{CONTRACT}</w:t></w:r>{references}{box}{formula}{field}{changed}</w:del>")
        + "".join(item(f"Пункт {depth}", depth) for depth in (0, 1, 1, 0))
        + table(tr("Товар", "Цена", properties="<w:tblHeader/>"), merged)
        + f"<w:sdt><w:sdtContent>{p('Поле')}</w:sdtContent></w:sdt>"
    )
    note = f'<w:footnote w:id="2">{p("Сноска")}</w:footnote>'
    parts = {
        "styles": '<w:style w:styleId="h" w:type="paragraph"><w:name w:val="heading 1"/>'
        '<w:pPr><w:outlineLvl w:val="0"/><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>',
        "numbering": numbering(level(0, "upperRoman", "%1."), level(1, "decimal", "%1.%2.")),
        "footnotes": note,
        "comments": f'<w:comment w:id="2" w:author="Анна">{p("Верно?")}</w:comment>',
        "header1": p("Институт"),
    }
    for strict in (False, True):
        word_xml(path, body, strict=strict, **parts)
        yield path.read_bytes()
    word(path, "# Глава", CONTRACT, [["Товар", "Цена"], ["Винт", "5"]])
    yield path.read_bytes()


def _excel(path: Path) -> Iterable[bytes]:
    day = datetime.datetime(2024, 5, 5, 12, 30)
    rows: list[list[Any]] = [
        ["Прайс"], [], ["Товар", "Цена", None, "Дата"], [None, "опт", "розница", None],
        ["Винт", 12.5, 0.15, day], ["Гайка", 1450, True, day.time()], ["Итого", "=B5+B6"],
    ]  # fmt: skip
    excel(path, ("Лист", rows), ("Тайный", [["Имя", "Анна"], ["Тел.", "405"]]))
    book = load_workbook(path)
    sheet: Any = book.worksheets[0]
    sheet.merge_cells("A1:D1")
    sheet.merge_cells("B3:C3")
    sheet["B5"].number_format, sheet["C5"].number_format = '# ##0.00" ₽"', "0.0%"
    sheet["A5"].comment = Comment("Проверить", "Анна")
    sheet.row_dimensions[6].hidden = True
    book.worksheets[1].sheet_state = "hidden"
    book.save(path)
    yield path.read_bytes()
    by_hand(
        path,
        '<cols><col min="2" max="3" hidden="1"/></cols><sheetData><row r="1"><c r="A1" t="str">'
        '<f>A2</f><v>да</v></c></row><row r="3" spans="1:9"><c r="C3" t="b"><v>1</v></c><c t="e">'
        '<v>#N/A</v></c><c t="inlineStr"><is><r><t>а</t></r><r><t>б</t></r></is></c></row>'
        '</sheetData><mergeCells><mergeCell ref="A1:C2"/></mergeCells>',
    )
    yield path.read_bytes()


def _slides(path: Path) -> Iterable[bytes]:
    cell = "<a:tc><a:txBody><a:p><a:r><a:t>Винт</a:t></a:r></a:p></a:txBody></a:tc>"
    wide = cell.replace("<a:tc>", '<a:tc gridSpan="2" rowSpan="2">')
    grid = f"<a:tbl><a:tblPr firstRow='1'/><a:tr>{wide}{cell}</a:tr><a:tr>{cell * 3}</a:tr></a:tbl>"
    points = '<c:pt idx="0"><c:v>1.5</c:v></c:pt><c:pt idx="1"><c:v>Q2</c:v></c:pt>'
    series = f"<c:ser><c:tx>{points}</c:tx><c:cat>{points}</c:cat><c:val>{points}</c:val></c:ser>"
    numbered = shape("раз\n\tвложен\nдва").replace(
        '<a:pPr lvl="0"/>', '<a:pPr lvl="0"><a:buAutoNum type="romanUcPeriod" startAt="3"/></a:pPr>'
    )
    deck(
        path,
        shape("Итоги", "title") + shape("Публикаций: 37\n\tиз них", "body") + shape("7", "sldNum")
        + f"<p:grpSp>{numbered}</p:grpSp><p:graphicFrame>{grid}</p:graphicFrame>"
        '<p:graphicFrame><c:chart r:id="chart1"/></p:graphicFrame>'
        '<p:graphicFrame><dgm:relIds r:dm="diagramData1"/></p:graphicFrame>',
        shape("Старое", "title") + shape("Один"),
        hidden=(2,),
        chart1=f"<c:x {SPACES}><c:title><a:p><a:t>Итог</a:t></a:p></c:title>{series}</c:x>",
        diagramData1=f"<dgm:x {SPACES}><dgm:t><a:p><a:t>Шаг</a:t></a:p></dgm:t></dgm:x>",
        notesSlide1=f"<p:notes {SPACES}>{shape('Сказать', 'body')}</p:notes>",
        comments1=f"<p:cmLst {SPACES}><p:cm><p:text>Проверить</p:text></p:cm></p:cmLst>",
    )  # fmt: skip
    yield path.read_bytes()
    deck(path, *(shape(f"Слайд {at}", "title") + shape(CONTRACT) for at in range(5)))
    yield path.read_bytes()
