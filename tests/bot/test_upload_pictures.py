"""Scans and pictures that are sent are accepted where tesseract reads them."""

import asyncio
import os
from pathlib import Path

import pytest

from bot.uploads.check import Rejected, check
from indexer.readers.programs import Programs
from tests.fakes.tesseract import FakeTesseract
from tests.indexer.scan_files import drawn, pages, saved

pytestmark = pytest.mark.process
SENT = {
    "a.jpg": (saved(drawn(), "JPEG"), None),
    "b.png": (saved(drawn(), "PNG"), None),
    "c.tiff": (saved(drawn(), "TIFF", drawn(shade=9)), 2),
    "d.pdf": (pages(drawn()), 1),
}


@pytest.mark.parametrize("name", SENT)
def test_a_picture_is_a_document_where_there_is_tesseract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    content, last = SENT[name]
    path = tmp_path / name
    path.write_bytes(content)
    monkeypatch.setenv("PATH", os.defpath)
    with pytest.raises(Rejected, match="scan"):
        asyncio.run(check(path, Programs()))
    fake = FakeTesseract(tmp_path / "bin")
    fake.tell("Приказ № 58")
    monkeypatch.setenv("PATH", f"{fake.folder}:{os.defpath}")
    assert asyncio.run(check(path, Programs())) == last


def test_what_only_has_the_name_of_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(saved(drawn(), "JPEG"))
    with pytest.raises(Rejected, match="mismatch"):
        asyncio.run(check(path, Programs()))
