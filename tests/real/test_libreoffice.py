"""Documents of old Office, made and read by the LibreOffice that is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from indexer.readers import Unreadable
from indexer.readers.programs import Programs
from indexer.sync.reading import Reading
from tests.indexer.open_files import bullets, flat, h, p, row, table
from tests.real.binary_book import binary_book
from tests.real.damage import damaged
from tests.real.fuzz_readers import LONGEST_REASON

SOFFICE = shutil.which("soffice")
pytestmark = pytest.mark.skipif(not SOFFICE, reason="LibreOffice is not installed")
DAMAGED = 30
FILTERS = {
    ".doc": "MS Word 97", ".dot": "MS Word 97 Vorlage", ".ppt": "MS PowerPoint 97",
    ".pps": "MS PowerPoint 97 AutoPlay", ".xls": "MS Excel 97",
}  # fmt: skip


def made(folder: Path, suffix: str) -> Path:
    """A document of an old format, or a binary one."""
    if suffix == ".xlsb":
        path = folder / "a.xlsb"
        path.write_bytes(binary_book([["Товар", "Цена"], ["Винт", 5.0], ["Гайка", 7.5]]))
        return path
    if suffix in (".ppt", ".pps"):
        text = f"<draw:frame><draw:text-box>{p('Итоги года')}</draw:text-box></draw:frame>"
        source = flat(folder / "a.fodp", f"<draw:page>{text}</draw:page>")
    else:
        columns = '<table:table-column table:number-columns-repeated="2"/>'
        grid = table(columns, row("Товар", "Цена"), row("Винт", "5"), row("Гайка", "7"))
        source = flat(folder / "a.fodt", h("Приказ") + bullets("раз", "два") + grid)
    assert SOFFICE
    subprocess.run(
        [SOFFICE, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
         "--convert-to", f"{suffix[1:]}:{FILTERS[suffix]}", "--outdir", str(folder), str(source)],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / f"a{suffix}"


@pytest.mark.parametrize(
    ("suffix", "parts"),
    [
        (".doc", ("раз", "Товар | Цена", "Гайка | 7")),
        (".dot", ("раз", "Товар | Цена", "Гайка | 7")),
        (".ppt", ("Итоги года",)),
        (".pps", ("Итоги года",)),
        (".xlsb", ("Товар | Цена", "Гайка | 7")),
    ],
)
def test_old_office_is_read(tmp_path: Path, suffix: str, parts: tuple[str, ...]) -> None:
    reading = Reading(allowed=Programs())
    _, pages = reading.read(made(tmp_path, suffix))
    text = "\n".join(f"{page.heading}\n{page.text}" for page in pages)
    reading.close()
    assert all(part in text for part in parts)


@pytest.mark.parametrize("suffix", [".doc", ".dot", ".ppt", ".pps", ".xlsb"])
def test_damaged_files_are_read_or_refused_with_a_reason(tmp_path: Path, suffix: str) -> None:
    whole, path = made(tmp_path, suffix).read_bytes(), tmp_path / f"damaged{suffix}"
    reading = Reading(allowed=Programs(seconds=60))
    for seed in range(DAMAGED):
        path.write_bytes(damaged(Random(seed), whole, whole))
        try:
            list(reading.read(path)[1])
        except Unreadable as error:
            reason = str(error)
            assert reason and reason.isprintable() and len(reason) <= LONGEST_REASON, seed
            assert "its reader ended" not in reason, (seed, reason)
    reading.close()
