"""Scans and pictures are read by tesseract, whatever becomes of it, and wait where there is none.

A stand-in says what it is told to; the real one reads in tests/real.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.readers import Missing, Page, Unreadable, read
from indexer.readers.scan import hocr
from tests.fakes.tesseract import FakeTesseract
from tests.indexer.scan_files import drawn, pages, saved
from tests.workspace import Workspace, note

pytestmark = pytest.mark.process
ORDER = ("Приказ № 58 от 3 февраля", "Ответственный за насос — Пономарёв")
ASKED = "Кто ответственный за насос?"
WAITING = "apt install tesseract-ocr tesseract-ocr-rus"
LONG = "Полный текст страницы, который лежит поверх её картинки. " * 5


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTesseract:
    """On PATH, with what it recognises kept in a folder."""
    fake = FakeTesseract(tmp_path / "bin")
    fake.tell(*ORDER)
    monkeypatch.setenv("PATH", f"{fake.folder}:{os.defpath}")
    monkeypatch.setenv("READER_CACHE", str(tmp_path / "kept"))
    return fake


@pytest.fixture
def scanning(workspace: Workspace, tesseract: FakeTesseract) -> Workspace:
    """With the program on the PATH of the command line."""
    workspace.env |= {"PATH": os.environ["PATH"], "OPSCTL_PROGRAM_SECONDS": "20"}
    return workspace


def read_bytes(folder: Path, name: str, content: bytes) -> list[Page]:
    path = folder / name
    path.write_bytes(content)
    return list(read(path))


KINDS = {
    "a.jpg": "JPEG", "b.JPEG": "JPEG", "c.png": "PNG", "d.tif": "TIFF", "e.bmp": "BMP",
    "f.webp": "WEBP",
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_pictures_are_documents(tmp_path: Path, tesseract: FakeTesseract, name: str) -> None:
    (page,) = read_bytes(tmp_path, name, saved(drawn(), KINDS[name]))
    assert page.text == "\n\n".join(ORDER)
    assert (page.number, page.recognised, page.gap) == (None, 93, "")


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.convert("1"),
        lambda it: it.convert("P"),
        lambda it: it.convert("CMYK").convert("RGB"),
        lambda it: it.convert("I").point(lambda shade: shade * 256).convert("I;16"),
        lambda it: it.convert("LA"),
        lambda it: it.convert("RGBA"),
    ],
)
def test_every_kind_of_colour_is_made_grey(
    tmp_path: Path, tesseract: FakeTesseract, change: Callable[[Any], Any]
) -> None:
    (page,) = read_bytes(tmp_path, "a.png", saved(change(drawn()), "PNG"))
    assert page.recognised == 93


def test_all_pages_of_a_tiff_are_read_one_by_one(tmp_path: Path, tesseract: FakeTesseract) -> None:
    path = tmp_path / "a.tiff"
    path.write_bytes(saved(drawn(), "TIFF", *(drawn(shade=shade) for shade in range(1, 12))))
    found = read(path)
    assert next(found).number == 1
    assert len(tesseract.runs) < 6
    assert [page.number for page in found] == [*range(2, 13)]
    assert len(tesseract.runs) == 12


def test_blank_paper_is_not_given_to_it(tmp_path: Path, tesseract: FakeTesseract) -> None:
    tiff = saved(drawn(), "TIFF", drawn(shade=255), drawn(shade=3))
    assert [bool(page.text) for page in read_bytes(tmp_path, "a.tiff", tiff)] == [True, False, True]
    with pytest.raises(Unreadable, match=r"^its only page: nothing was recognised$"):
        read_bytes(tmp_path, "a.png", saved(drawn(shade=255), "PNG"))
    assert len(tesseract.runs) == 2


def test_a_picture_of_100_megapixels_is_made_smaller(
    tmp_path: Path, tesseract: FakeTesseract
) -> None:
    huge = drawn(10_000, 10_000).convert("1")
    (page,) = read_bytes(tmp_path, "a.png", saved(huge, "PNG"))
    width, height = map(int, tesseract.runs[0].split()[:2])
    assert page.text and width * height <= 20_000_000
    with pytest.raises(Unreadable, match=r"^too large: a picture of 400 megapixels$"):
        read_bytes(tmp_path, "b.png", saved(drawn(20_000, 20_000).convert("1"), "PNG"))


@pytest.mark.parametrize("content", [b"\xff\xd8\xff", b"GIF89a" * 9, saved(drawn(), "PNG")[:200]])
def test_a_damaged_picture_is_told(
    tmp_path: Path, tesseract: FakeTesseract, content: bytes
) -> None:
    with pytest.raises(Unreadable, match=r"^damaged: "):
        read_bytes(tmp_path, "a.png", content)


def test_pages_of_a_pdf_that_are_pictures_are_read(
    tmp_path: Path, tesseract: FakeTesseract
) -> None:
    few, many = (drawn(shade=1), "стр. 3 из 4"), (drawn(shade=2), LONG)
    found = read_bytes(tmp_path, "a.pdf", pages(note(1), drawn(), few, many))
    assert {page.number: page.recognised for page in found} == {1: None, 2: 93, 3: 93, 4: None}
    assert ORDER[0] in found[2].text and LONG.split(".")[0] in found[-1].text
    assert len(tesseract.runs) == 2


def test_a_page_on_its_head_is_turned(tmp_path: Path, tesseract: FakeTesseract) -> None:
    tesseract.tell(*ORDER, sure=40)
    (page,) = read_bytes(tmp_path, "a.png", saved(drawn(), "PNG"))
    assert page.recognised == 40
    first, turn, again = (run.split()[2:] for run in tesseract.runs)
    assert first == again and turn[-2:] == ["--psm", "0"]


MIXED = {
    "Пpикaз": "Приказ", "HACOC": "HACOC", "НАCOС": "НАСОС", "кBт": "кВт", "Sсаn": "Scan",
    "IР-аdress": "IP-adress", "PDFом": "PDFом", "Аctive": "Active",
}  # fmt: skip


@pytest.mark.parametrize("word", MIXED)
def test_a_word_of_both_alphabets_is_put_into_the_one_that_the_rest_of_it_tells(
    tmp_path: Path, tesseract: FakeTesseract, word: str
) -> None:
    tesseract.tell(f"Насос {word} стоит")
    (page,) = read_bytes(tmp_path, "a.png", saved(drawn(), "PNG"))
    assert page.text == f"Насос {MIXED[word]} стоит"


ABSURD = {
    "hangs": r"too slow: tesseract did not end in 1 s \(OPSCTL_PROGRAM_SECONDS\)",
    "is killed": "tesseract ended with code -9",
    "no hOCR": "damaged: tesseract gave nothing for one of its pages",
    "<html><div class='ocr_page' title='bbox 0 0 x'>": "damaged: tesseract gave nothing",
}


@pytest.mark.parametrize("fault", ABSURD)
def test_where_it_fails_the_other_pages_are_read(
    scanning: Workspace, tesseract: FakeTesseract, fault: str
) -> None:
    tesseract.tell(fault=fault)
    scanning.env["OPSCTL_PROGRAM_SECONDS"] = "1"
    scanning.write("a.pdf", pages(note(1), drawn()))
    scanning.write("b.png", saved(drawn(), "PNG"))
    report = scanning.reindex()
    (partial,), (failed,) = report["partial"], report["failed"]
    assert re.match(f"1 of its 2 pages: {ABSURD[fault]}", partial["reason"]), partial
    assert re.match(f"its only page: {ABSURD[fault]}", failed["reason"]), failed
    assert scanning.source("Где лежит note 1?", env={"OPSCTL_THRESHOLD": "0"}) == "a.pdf"


def test_absurd_places_of_words_do_no_harm() -> None:
    word = "<i class='ocrx_word' title='bbox {}; x_wconf {}'>слово</i>"
    words = [word.format(f"{at} 10 {at + 50} 30", 90) for at in (0, 999_999, 5, 5)]
    words += [word.format("9 9 1 1", 999), word.format("1e9 0 0 0", 9), word.format("0", "")]
    line = "<b class='ocr_line' title='bbox 0 0 0 0; baseline 99999 -99999'>{}</b>"
    page = "<div><p class='ocr_page' title='bbox 0 0 100 100'>{}</p></div>"
    scan = hocr.parse(page.format(line.format("".join(words)) * 3).encode(), 300)
    assert scan.letters and 0 <= scan.confidence <= 100


def test_lines_of_noise_are_left_out() -> None:
    word = "<i class='ocrx_word' title='bbox 0 {0} 90 {1}; x_wconf {2}'>{3}</i>"
    lines = [(10, 30, 95, "текст"), (50, 70, 12, "~;%ы"), (90, 110, 96, "|")]
    line = "<b class='ocr_line' title='bbox 0 {0} 90 {1}'>" + word + "</b>"
    page = "<p class='ocr_page' title='bbox 0 0 100 200'>{}</p>"
    scan = hocr.parse(page.format("".join(line.format(*each) for each in lines)).encode(), 300)
    assert [piece.text for piece in scan.pieces] == ["текст"] and scan.confidence == 95


def test_an_answer_tells_that_its_source_was_recognised(scanning: Workspace) -> None:
    scanning.write("a.pdf", pages(drawn()))
    scanning.reindex()
    reply = scanning.answer(ASKED)
    assert reply["citations"][0]["recognised"] == 93
    assert "— a.pdf, стр. 1 (распознано, 93 %)" in scanning.run("ask", ASKED).stdout
    found = scanning.run("ask", "--sources-only", ASKED).stdout
    assert "a.pdf, стр. 1 (распознано, 93 %)" in found


def test_without_tesseract_its_pages_wait(scanning: Workspace) -> None:
    installed = scanning.env.pop("PATH")
    scanning.write("a.pdf", pages(note(1), drawn()))
    scanning.write("b.pdf", pages(drawn(), drawn()))
    scanning.write("c.png", saved(drawn(), "PNG"))
    told = scanning.run("reindex").stderr
    line = f"waiting: 4 pages of scans and pictures; to have them read: {WAITING}"
    assert line in told and "failed:" not in told and "in part:" not in told
    checks = {check["name"]: check for check in scanning.json("doctor", code=None)}
    assert checks["files"]["result"] == checks["index"]["result"] == "ok"
    assert checks["programs"]["detail"] == "waiting: 4 pages of scans and pictures"
    assert checks["programs"]["fix"] == WAITING
    plan = scanning.reindex("--dry-run")
    assert not plan["add"] + plan["change"]
    scanning.env["PATH"] = installed
    report = scanning.reindex()
    assert (report["added"], report["changed"]) == (["b.pdf", "c.png"], ["a.pdf"])
    assert not report["failed"] + report["partial"]
    assert scanning.reindex()["unchanged"] == 3


def test_without_russian_they_are_read_again_when_it_is_there(
    scanning: Workspace, tesseract: FakeTesseract
) -> None:
    tesseract.tell("Order 58", languages=("eng",))
    scanning.write("a.png", saved(drawn(), "PNG"))
    told = scanning.run("reindex").stderr
    assert "waiting: 1 page of scans and pictures" in told and "tesseract-ocr-rus, then" in told
    assert scanning.reindex()["unchanged"] == 1
    tesseract.tell(*ORDER)
    report = scanning.reindex()
    assert report["changed"] == ["a.png"] and not report["partial"]
    assert scanning.source(ASKED) == "a.png"


def test_a_picture_is_recognised_once(scanning: Workspace, tesseract: FakeTesseract) -> None:
    scanning.write("a.png", saved(drawn(), "PNG"))
    scanning.reindex()
    scanning.write("b/copy.png", saved(drawn(), "PNG"))
    scanning.reindex("--rebuild")
    assert len(tesseract.runs) == 1
    (kept,) = (scanning.state / "recognised").iterdir()
    kept.write_bytes(b"damaged")
    scanning.reindex("--rebuild")
    assert len(tesseract.runs) == 2


def test_where_nothing_can_be_kept_it_is_recognised_again(
    scanning: Workspace, tesseract: FakeTesseract
) -> None:
    scanning.write("a.png", saved(drawn(), "PNG"))
    scanning.state.mkdir()
    (scanning.state / "recognised").write_text("no folder")
    assert scanning.reindex()["added"] == ["a.png"]
    assert scanning.reindex("--rebuild")["added"] == ["a.png"]
    assert len(tesseract.runs) == 2


def test_a_scan_without_tesseract_is_missing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match=f"^its only page: a picture, .*: {WAITING}$"):
        read_bytes(tmp_path, "a.png", saved(drawn(), "PNG"))
