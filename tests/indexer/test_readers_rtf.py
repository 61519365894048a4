"""Rich Text: its letters in any encoding, lists, tables, notes, and what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from indexer.readers import Unreadable, read
from tests.indexer.test_readers_docx_blocks import Shown, shown

HEAD = r"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0\fcharset204 Arial;}{\f1\fcharset238 Arial;}}" + (
    r"{\stylesheet{\s1\outlinelevel0 heading 1;}{\s2 Title;}{\s3 toc 1;}{\s4\sbasedon0 caption;}}"
)


@pytest.fixture
def blocks(tmp_path: Path) -> Any:
    def made(body: str) -> Shown:
        path = tmp_path / "a.rtf"
        path.write_bytes((HEAD + body + "}").encode("latin-1"))
        return shown(list(read(path)))

    return made


def line(*cells: str, edges: tuple[int, ...] = (1000, 2000, 3000), more: str = "") -> str:
    shape = "".join(rf"\cellx{edge}" for edge in edges[: len(cells)])
    return rf"\trowd{more}{shape}\intbl " + "".join(rf"{text}\cell " for text in cells) + r"\row "


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"\'cf\'f0\'e8\'e2\'e5\'f2", "Привет"),
        (r"\f1\'b9\'ea", "ąę"),
        (r"\u1055?\u1088?\u1080?", "При"),
        (r"\uc2\u1055\'cf\'cf\uc0\u1088\u1080 !", "При!"),
        (r"\u-10179?\u-8704?", "😀"),
        (r"a\~b\_c\-d\{e\}\\", "a b-cd{e}\\"),
        (r"\ldblquote a\rdblquote\endash b\tab c\line d", "“a”–b\tc\nd"),
        (r"{\v hidden}{\deleted gone}seen{\*\unknown no}", "seen"),
        (r"{\field{\*\fldinst PAGE}{\fldrslt 7}} of 9", "7 of 9"),
        (r"{\pict\bin5 ab}cd}text", "text"),
        ("\xcf\xf0\xe8", "При"),
    ],
)
def test_letters_are_read_as_they_are_shown(blocks: Any, written: str, text: str) -> None:
    assert blocks(rf"\pard\f0 {written}\par") == [("paragraph", text)]


def test_headings_lists_and_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    body = (
        r"\pard\s2 Order\par\pard\s1 Part\par\pard\plain{\listtext 1.\tab}One\par"
        r"{\pntext\'b7\tab}\ilvl1 Dot\par\pard 2)\tab Typed\par\pard\page"
        r"\pard\outlinelevel1 Deeper\par\pard Text\par"
    )
    path.write_bytes((HEAD + body + "}").encode())
    pages = list(read(path))
    assert [(page.number, page.heading) for page in pages] == [
        (None, "Order › Part"), (2, "Order › Part › Deeper"),
    ]  # fmt: skip
    assert shown(pages) == [
        ("item", "1. One"), ("item", "• Dot"), ("item", "2) Typed"), ("paragraph", "Text"),
    ]  # fmt: skip


def test_tables_have_header_and_merged_cells(blocks: Any) -> None:
    tall, below = (rf"\trowd\cl{kind}\cellx1000\cellx2000\cellx3000" for kind in ("vmgf", "vmrg"))
    body = (
        r"\pard Table 1.\par" + line("Name", "Price", "Store", more=r"\trhdr")
        + rf"{tall}\intbl Bolt\cell 5\cell A\cell\row {below}\intbl\cell 6\cell B\cell\row"
        + line("Total", "11", edges=(2000, 3000)) + r"\pard After\par"
    )  # fmt: skip
    assert blocks(body) == [
        ("caption", "Table 1."), ("row", "Name | Price | Store"), ("row", "Bolt | 5 | A"),
        ("row", "Bolt | 6 | B"), ("row", "Total |  | 11"), ("paragraph", "After"),
    ]  # fmt: skip


def test_what_stands_beside_the_text_follows_its_paragraph(blocks: Any) -> None:
    body = (
        r"{\header\pard\'c0\'ce Firm\par}{\footer\pard 12\par}"
        r"\pard Text{\footnote\pard Note\par}{\*\atnauthor Ann}{\*\annotation\pard Sure?\par}"
        r"{\shp{\*\shpinst{\sp{\sn x}{\sv y}}{\shptxt\pard Box\par}}"
        r"{\shprslt\pard Box\par}} end\par"
        r"\pard\s3 Chapter 9\par"
    )
    assert blocks(body) == [
        ("paragraph", "Text end"), ("furniture", "АО Firm"), ("note", "Note"),
        ("note", "Ann: Sure?"), ("paragraph", "Box"), ("contents", "Chapter 9"),
    ]  # fmt: skip


def test_what_is_left_open_is_read_and_what_is_too_deep_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(rb"{\rtf1{{\footnote{ \trowd\cellx9\intbl A\cell")
    assert shown(list(read(path))) == [("note", "A")]
    path.write_bytes(rb"{\rtf1" + b"{" * 100_000)
    with pytest.raises(Unreadable, match=r"^damaged: groups too deep$"):
        list(read(path))
