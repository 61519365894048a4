"""Documents of a hundred thousand rows, and pages of 30 MB: read whole, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from indexer.readers import Unreadable, read
from tests.indexer.sample_files import CONTRACT
from tests.indexer.sheet_files import MAIN, OFFICE, by_hand
from tests.indexer.word_files import p, table, tr, word_xml

ROWS = 100_000
SECONDS = 120  # on a machine that does other things, too
MEGABYTES = {".md": 600}  # its parser holds a table whole; others take 300
READ = """
import sys
from pathlib import Path
from indexer.readers import read
found = sum(page.text.count(sys.argv[2]) for page in read(Path(sys.argv[1])))
print(found, int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024)
"""


def found(path: Path, word: str) -> int:
    """How often a word is in the document."""
    run = [sys.executable, "-c", READ, str(path), word]
    done = subprocess.run(run, capture_output=True, text=True, check=True, timeout=SECONDS)
    count, megabytes = map(int, done.stdout.split())
    assert megabytes < MEGABYTES.get(path.suffix, 300)
    return count


@pytest.mark.parametrize("suffix", [".docx", ".html", ".md", ".txt"])
def test_all_rows_are_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    rows = [(f"Изделие {number}", "12,50", "Склад А") for number in range(ROWS)]
    if suffix == ".docx":
        word_xml(path, table(tr("Товар", "Цена", "Место"), *(tr(*cells) for cells in rows)))
    elif suffix == ".html":
        lines = "".join(f"<tr><td>{'<td>'.join(cells)}" for cells in rows)
        path.write_text(f"<table><tr><th>Товар<th>Цена<th>Место{lines}</table>")
    elif suffix == ".md":
        lines = "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
        path.write_text(f"| Товар | Цена | Место |\n|---|---|---|\n{lines}")
    else:
        path.write_text("".join(f"{'   '.join(f'{cell:<16}' for cell in c)}\n" for c in rows))
    assert found(path, "Изделие") == ROWS


@pytest.mark.parametrize("element", ["p", "li", "td", "dd", "span", "div"])
def test_a_page_of_30_mb_is_read(tmp_path: Path, element: str) -> None:
    path = tmp_path / "a.html"
    piece = f"<{element}>{CONTRACT}</{element}>\n"
    count = 30_000_000 // len(piece.encode())
    around = {"li": "ul", "td": "table", "dd": "dl"}.get(element, "div")
    path.write_text(f"<{around}>{piece * count}</{around}>")
    assert found(path, "Договор") == count


def test_paragraphs_of_a_long_word_file_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    word_xml(path, p(CONTRACT) * ROWS)
    assert found(path, "Договор") == ROWS


def test_a_mailbox_of_50_mb_is_read_letter_by_letter(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    letter = f"From a Thu Dec  4 09:05:00 2025\nSubject: Отчёт\n\n{CONTRACT * 30}\n\n"
    count = 50_000_000 // len(letter.encode())
    path.write_text(letter * count)
    assert found(path, "Договор") == 30 * count


def test_a_long_text_that_many_cells_share_is_not_read_without_end(tmp_path: Path) -> None:
    path, whole = tmp_path / "a.xlsx", tmp_path / "whole.xlsx"
    row = '<row><c t="s"><v>0</v></c></row>'
    by_hand(whole, f"<sheetData>{row * 20_000}</sheetData>")
    link = f'<Relationship Id="s" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    end = "</Relationships>"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name).decode()
            is_workbooks = name.endswith("workbook.xml.rels")
            new.writestr(name, content.replace(end, link + end) if is_workbooks else content)
        text = f"<si><t>{'слово ' * 170_000}</t></si>"
        new.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{text}</sst>')
    assert path.stat().st_size < 50_000
    with pytest.raises(Unreadable, match=r"^too large: more than 100 MB of text$"):
        list(read(path))
