"""What any format may hold and no reader does: bombs, entities, links to other files, macros."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.readers import Unreadable, read
from tests.indexer.sample_files import word, zeros
from tests.indexer.sheet_files import by_hand, excel
from tests.indexer.slide_files import SPACES, deck, shape
from tests.indexer.word_files import p, table, tr, word_xml

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN_PARTS = {
    ".docx": "word/document.xml", ".xlsx": "xl/workbook.xml", ".pptx": "ppt/presentation.xml",
}  # fmt: skip


def text(path: Path) -> str:
    return "\n".join(page.text for page in read(path))


def write(path: Path, said: str) -> None:
    """A document that says so in a paragraph, a cell or on a slide."""
    if path.suffix.startswith(".doc"):
        word(path, said)
    elif path.suffix.startswith(".xls"):
        excel(path, ("Лист", [[said]]))
    elif path.suffix.startswith(".ppt"):
        deck(path, shape(said))
    else:
        path.write_text(said)


def repack(path: Path, change: Callable[[str, bytes], bytes], **more: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: change(name, archive.read(name)) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (parts | more).items():
            archive.writestr(name, content)


@pytest.mark.parametrize("suffix", MAIN_PARTS)
def test_bombs_are_too_large(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(zeros((MAIN_PARTS[suffix], 70)))
    with pytest.raises(Unreadable, match=r"^too large: 70 MB of "):
        list(read(path))


@pytest.mark.parametrize("suffix", MAIN_PARTS)
def test_a_part_that_is_larger_than_it_says_is_damaged(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    data = zeros((MAIN_PARTS[suffix], 5))
    path.write_bytes(data.replace((5_000_000).to_bytes(4, "little"), b"\x10\0\0\0"))
    with pytest.raises(Unreadable, match=r"^damaged \w+ file: "):
        list(read(path))


@pytest.mark.parametrize("suffix", MAIN_PARTS)
def test_archives_with_a_password_are_encrypted(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write(path, "Текст")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=r"^encrypted: save a copy without a password$"):
        list(read(path))


@pytest.mark.parametrize("suffix", MAIN_PARTS)
def test_a_bomb_of_entities_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write(path, "Текст")
    levels = "".join(f'<!ENTITY e{at + 1} "{f"&e{at};" * 10}">' for at in range(12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ха">{levels}]>'.encode()

    def mined(name: str, content: bytes) -> bytes:
        if name != MAIN_PARTS[suffix]:
            return content
        return bomb + content[content.index(b"?>") + 2 :] if b"?>" in content else bomb + content

    repack(path, mined)
    with pytest.raises(Unreadable, match=r"^damaged \w+ file: a document type in its XML$"):
        list(read(path))


@pytest.mark.parametrize("suffix", [".html", ".xhtml", ".md"])
def test_entities_of_a_page_are_text(tmp_path: Path, suffix: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("тайна")
    path = tmp_path / f"a{suffix}"
    entities = f'<!ENTITY a "{"ха" * 1000}"><!ENTITY s SYSTEM "{secret.as_uri()}">'
    path.write_text(f"<!DOCTYPE html [{entities}]>\n\n<p>Явь &s; &a;&a;&a;</p>")
    read_text = text(path)
    assert "Явь" in read_text and "тайна" not in read_text
    assert len(read_text) < 5000


@pytest.mark.parametrize(
    ("suffix", "said"),
    [
        (".txt", "Явь\n\ninclude secret.txt\n"),
        (".csv", 'Имя,Файл\nЯвь,=HYPERLINK("secret.txt")\nА,@secret.txt\n'),
        (".md", "Явь ![рисунок](secret.txt) [файл](secret.txt)\n\n!include secret.txt\n"),
        (".rst", "Явь\n\n.. include:: secret.txt\n\n.. csv-table::\n   :file: secret.txt\n"),
        (
            ".html",
            '<p>Явь</p><iframe src="secret.txt"></iframe><object data="secret.txt"></object>'
            '<!--#include file="secret.txt"--><link rel="import" href="secret.txt">',
        ),
    ],
)
def test_links_of_a_text_are_not_followed(tmp_path: Path, suffix: str, said: str) -> None:
    (tmp_path / "secret.txt").write_text("тайна")
    path = tmp_path / f"a{suffix}"
    path.write_text(said)
    assert "Явь" in text(path) and "тайна" not in text(path)


def test_links_of_office_files_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.docx"
    word(secret, "тайна")
    outside = f'Id="out" TargetMode="External" Target="{secret.as_uri()}"'

    def linked(name: str, content: bytes) -> bytes:
        kinds = ("notesSlide", "comments", "footnotes", "header", "worksheet", "externalLink")
        more = "".join(f'<Relationship Type="{OFFICE}/{kind}" {outside}/>' for kind in kinds)
        end = b"</Relationships>"
        return content.replace(end, more.encode() + end) if name.endswith(".rels") else content

    word_xml(tmp_path / "a.docx", p("Явь") + '<w:altChunk r:id="out" xmlns:r="r"/>')
    by_hand(tmp_path / "a.xlsx", "<sheetData><row><c><f>[1]A!A1</f><v>5</v></c></row></sheetData>")
    deck(tmp_path / "a.pptx", shape("Явь"))
    for suffix, said in ((".docx", "Явь"), (".xlsx", "5"), (".pptx", "Явь")):
        path = tmp_path / f"a{suffix}"
        repack(path, linked)
        assert text(path) == said


@pytest.mark.parametrize("suffix", [".docm", ".xlsm", ".pptm"])
def test_macros_are_not_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write(path, "Явь")
    folder = {".docm": "word", ".xlsm": "xl", ".pptm": "ppt"}[suffix]
    repack(path, lambda _, content: content, **{f"{folder}/vbaProject.bin": b"Sub AutoOpen()"})
    assert text(path) == "Явь"


@pytest.mark.parametrize("stored", ["007", "1 000", "12,50", "8-800-555-35-35", "1E5", "=А1"])
def test_numbers_stored_as_text_stay_as_they_are(tmp_path: Path, stored: str) -> None:
    sheet, lines = tmp_path / "a.xlsx", tmp_path / "a.csv"
    cell = f'<c t="inlineStr"><is><t>{stored}</t></is></c>'
    by_hand(sheet, f"<sheetData><row>{cell * 3}</row></sheetData>")
    lines.write_text(f"Имя;Код\nВинт;{stored}\n")
    assert text(sheet) == f"{stored} | {stored} | {stored}"
    assert text(lines) == f"Имя | Код\nВинт | {stored}"


@pytest.mark.parametrize("suffix", [".csv", ".html", ".md", ".pptx", ".docx"])
def test_5000_columns_are_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    names, values = [f"Столбец {n}" for n in range(5000)], [f"Число {n}" for n in range(5000)]
    if suffix == ".csv":
        path.write_text("\n".join(map(";".join, (names, values))))
    elif suffix == ".md":
        lines = (" | ".join(line) for line in (names, ["---"] * 5000, values))
        path.write_text("\n".join(f"| {line} |" for line in lines))
    elif suffix == ".html":
        rows = "".join(f"<tr><td>{'<td>'.join(line)}" for line in (names, values))
        path.write_text(f"<table>{rows}</table>")
    elif suffix == ".docx":
        word_xml(path, table(tr(*names), tr(*values)))
    else:
        cell = "<a:tc><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
        rows = "".join(
            f"<a:tr>{''.join(map(cell.format, line))}</a:tr>" for line in (names, values)
        )
        deck(path, f"<p:graphicFrame {SPACES}><a:tbl>{rows}</a:tbl></p:graphicFrame>")
    found = text(path)
    assert "Столбец 4999" in found
    assert "Число 4998 | Число 4999" in found


@pytest.mark.parametrize("suffix", [".xlsx", ".pptx"])
def test_a_part_that_is_listed_many_times_is_read_once(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write(path, "Явь")

    def listed(name: str, content: bytes) -> bytes:
        one = re.search(rb"<(sheet|p:sldId) [^>]*/>", content)
        return (
            content.replace(one[0], one[0] * 1000)
            if one and name == MAIN_PARTS[suffix]
            else content
        )

    repack(path, listed)
    assert text(path) == "Явь"


def test_tables_inside_of_tables_without_end_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<table><tr><td>Явь" * 5000)
    assert text(path).count("Явь") == 5000


def test_shared_notes_can_not_blow_up_a_presentation(tmp_path: Path) -> None:
    path = tmp_path / "a.pptx"
    notes = f"<p:notes {SPACES}>{' ' * 10_000_000}</p:notes>"
    deck(path, *[shape("Явь")] * 60, notesSlide1=notes)
    with zipfile.ZipFile(path) as archive:
        first = archive.read("ppt/slides/_rels/s1.xml.rels")
    links = {f"ppt/slides/_rels/s{at}.xml.rels": first for at in range(2, 61)}
    repack(path, lambda _, content: content, **links)
    with pytest.raises(Unreadable, match=r"^too large: its parts include each other endlessly$"):
        list(read(path))
