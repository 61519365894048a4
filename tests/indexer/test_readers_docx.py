"""Word: order, headings, pages, damage."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest

from indexer.readers import Page, Unreadable, read
from tests.indexer.sample_files import CONTRACT, rendered_word, word, zeros

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def test_paragraphs_and_tables_come_in_order_under_their_headings(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    price = [["Товар", "Цена"], ["Винт", "12,50"]]
    word(path, "Вступление", "# Глава", "до", price, "после", "## Сроки", "ещё", "# Итог", "конец")
    assert list(read(path)) == [
        Page("Вступление"),
        Page("до\n\nТовар | Цена\nВинт | 12,50\n\nпосле", heading="Глава"),
        Page("ещё", heading="Глава › Сроки"),
        Page("конец", heading="Итог"),
    ]


def test_headings_without_text_are_text(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    word(path, "# Один", "# Два", "## Три")
    assert list(read(path)) == [Page("Один"), Page("Три", heading="Два")]


def test_titles_stand_above_headings(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    document = docx.Document()
    document.add_heading("Устав", 0)
    document.add_heading("Цели", 1)
    document.add_paragraph("Текст")
    document.save(str(path))
    assert list(read(path)) == [Page("Текст", heading="Устав › Цели")]


def test_explicit_page_breaks_number_the_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    word(path, "один", "\f", "# Глава", "два", "\f", "три")
    assert list(read(path)) == [
        Page("один", 1),
        Page("два", 2, "Глава"),
        Page("три", 3, "Глава"),
    ]


def test_a_break_that_word_also_rendered_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    rendered_word(path, ["один", "два", "три"])
    assert list(read(path)) == [Page("один", 1), Page("два", 2), Page("три", 3)]


def replace_body(path: Path, old: str, new: str) -> None:
    """Rewrite part of the document's XML."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    body = parts["word/document.xml"].decode()
    assert old in body
    parts["word/document.xml"] = body.replace(old, new).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<w:ins><w:r><w:t>новое</w:t></w:r></w:ins>", "новое"),
        ("<w:r><w:t>есть</w:t></w:r><w:del><w:r><w:delText>нет</w:delText></w:r></w:del>", "есть"),
        ("<w:hyperlink><w:r><w:t>ссылка</w:t></w:r></w:hyperlink>", "ссылка"),
        ("<w:r><w:t>а</w:t><w:tab/><w:t>б</w:t><w:br/><w:t>в</w:t></w:r>", "а\tб\nв"),
        ("<w:r><w:t>кто</w:t><w:noBreakHyphen/><w:t>то</w:t></w:r>", "кто-то"),
        ("<w:sdt><w:sdtContent><w:r><w:t>поле</w:t></w:r></w:sdtContent></w:sdt>", "поле"),
    ],
    ids=["insertion", "deletion", "link", "breaks", "hyphen", "control"],
)
def test_runs_of_all_kinds_are_read(tmp_path: Path, xml: str, text: str) -> None:
    path = tmp_path / "a.docx"
    word(path, "MARK")
    replace_body(path, "<w:r><w:t>MARK</w:t></w:r>", xml)
    assert list(read(path)) == [Page(text)]


def test_paragraphs_in_content_controls_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    word(path, "MARK")
    paragraph = "<w:p><w:r><w:t>MARK</w:t></w:r></w:p>"
    replace_body(path, paragraph, f"<w:sdt><w:sdtContent>{paragraph * 2}</w:sdtContent></w:sdt>")
    assert list(read(path)) == [Page("MARK\n\nMARK")]


def test_a_long_section_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    word(path, *[CONTRACT] * 1000)
    pages = list(read(path))
    assert all(len(page.text) <= 65536 for page in pages)
    assert sum(page.text.count(CONTRACT) for page in pages) == 1000


def other_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "text")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (OLE + bytes(500) + "EncryptedPackage".encode("utf-16-le"), "^encrypted: save a copy"),
        (OLE + bytes(500), "^damaged Word file: no document in it, or cut short$"),
        (b"plain text", "^damaged Word file: not a zip"),
        (zeros(("a", 300)), "^too large: 300 MB unpacked, the limit is 256 MB$"),
        (
            zeros(("word/document.xml", 40), ("_rels/.RELS", 30)),
            "^too large: 70 MB of XML unpacked, the limit is 64 MB$",
        ),
        (zeros(("word/media/image.png", 70)), "^damaged Word file: "),
        (other_zip(), "^damaged Word file: "),
    ],
    ids=["password", "doc", "text", "bomb", "xml", "media", "zip"],
)
def test_what_is_no_word_file_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=reason):
        list(read(path))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_file_is_damaged(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.docx"
    word(path, CONTRACT)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(Unreadable, match=r"^damaged Word file: "):
        list(read(path))


def test_flipped_bytes_never_give_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    word(path, CONTRACT)
    data = path.read_bytes()
    for place in range(30, len(data), len(data) // 40):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x5A]) + data[place + 1 :])
        try:
            list(read(path))
        except Unreadable as error:
            assert str(error).startswith("damaged Word file: ")
