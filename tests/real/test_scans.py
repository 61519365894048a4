"""Scans made of pages of the sample are recognised by the real tesseract.

What is lost of each is printed: pytest tests/real/test_scans.py -s
"""

import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageFilter

from indexer.readers import Page, read
from tests.real.parts import MissingPartError
from tests.real.tesseract import install
from tests.workspace import Workspace

pytestmark = pytest.mark.process
SAMPLE = Path(__file__).resolve().parents[2] / "documents" / "sample"
RUSSIAN, ENGLISH = "stanciya-pescovaya-rukovodstvo.pdf", "vetlugin-cruise-handbook.pdf"
LOST = 0.05  # of the words: the most on a page


@dataclass(frozen=True)
class Made:
    """How a page becomes a scan: resolution, skew in degrees, blur in pixels, noise in shades."""

    file: str
    page: int
    dpi: int
    skew: float
    blur: float = 0.0
    noise: float = 0.0
    turned: int = 0

    def scan(self) -> Image.Image:
        """The picture, always the same one."""
        with pypdfium2.PdfDocument(SAMPLE / self.file) as document:
            clean = document[self.page].render(scale=self.dpi / 72, grayscale=True).to_pil()
        askew = clean.rotate(self.skew, Image.Resampling.BICUBIC, fillcolor=250)
        shades = np.asarray(askew.filter(ImageFilter.GaussianBlur(self.blur)), np.float64)
        shades = shades * 0.88 + 14 + np.random.default_rng(7).normal(0, self.noise, shades.shape)
        dirty = Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8))
        return dirty.rotate(self.turned, expand=True)

    def text(self) -> str:
        """What stands on the page."""
        with pypdfium2.PdfDocument(SAMPLE / self.file) as document:
            return str(document[self.page].get_textpage().get_text_range())


SCANS = {
    "a.jpg": Made(RUSSIAN, 1, 300, 2.7, 0.8, 16),
    "b.png": Made(RUSSIAN, 2, 200, -2.3, 0.5),
    "c.jpg": Made(RUSSIAN, 3, 150, 0, 0.4, 8),
    "d.png": Made(ENGLISH, 1, 200, -1.2, 0.8, 16),
    "e.jpg": Made(ENGLISH, 0, 150, 1.6, 0, 8, turned=180),
    "f.png": Made(RUSSIAN, 4, 200, -0.4, turned=90),
}


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        install(tmp_path / "bin")
    except MissingPartError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"a real part is missing: {missing}", pytrace=False)
        pytest.skip(f"a real part is missing: {missing}")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.defpath}")
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("name", SCANS)
def test_the_words_of_a_scan_are_read(tmp_path: Path, name: str) -> None:
    SCANS[name].scan().save(tmp_path / name)
    found = list(read(tmp_path / name))
    lost = _lost(_words(SCANS[name].text()), _words(" ".join(map(_told, found))))
    sys.stdout.write(f"\n{name}: {lost:.1%} of the words lost, {found[0].recognised} % sure\n")
    assert lost <= LOST


@pytest.mark.usefixtures("program")
def test_running_lines_of_a_tiff_are_known_as_such(tmp_path: Path) -> None:
    first, *others = (Made(RUSSIAN, page, 150, 0).scan() for page in range(1, 4))
    first.save(tmp_path / "a.tiff", save_all=True, append_images=others)
    for page in read(tmp_path / "a.tiff"):
        for block in page.blocks:
            is_running = "Руководство по эксплуатации" in page.text[block.start : block.stop]
            assert is_running == (block.kind == "furniture")


@pytest.mark.usefixtures("program")
def test_a_question_is_answered_from_a_scan(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w", env={"PATH": os.environ["PATH"]})
    workspace.documents.mkdir()
    pages = [Made(RUSSIAN, page, 200, 1.5, 0.5, 8).scan() for page in range(2, 4)]
    pages[0].save(workspace.documents / "scan.pdf", save_all=True, append_images=pages[1:])
    workspace.reindex()
    reply = workspace.answer("При какой толщине морского льда можно выпускать снегоход?")
    assert "25 сантиметров" in reply["text"]
    assert reply["citations"][0]["recognised"] > 80


def _told(page: Page) -> str:
    """The text of a page with the headings that stand on it."""
    return f"{page.heading or ''} {page.text}"


def _words(text: str) -> str:
    return " ".join(text.replace("\ufffe", "-").split())


def _lost(right: str, read: str) -> float:
    """The share of words that were not read as they stand there."""
    words = Counter(right.split())
    return (words - Counter(read.split())).total() / words.total()
