"""Documents made on the spot, byte by byte where no library is needed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import docx
from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

CONTRACT = (
    "Договор поставки заключён между покупателем и поставщиком. Оплата производится в течение "
    "десяти рабочих дней после получения товара на складе покупателя."
)
TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /Whole def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
6 beginbfrange
<0000> <00FF> <0000>
<0300> <04FF> <0300>
<2000> <206F> <2000>
<FB00> <FB06> <FB00>
<FE00> <FE0F> <FE00>
<FEFF> <FEFF> <FEFF>
endbfrange
endcmap end end"""


class _Objects:
    """The numbered objects of a PDF in the making."""

    def __init__(self) -> None:
        self.out = io.BytesIO(b"%PDF-1.7\n")
        self.out.seek(0, io.SEEK_END)
        self.offsets: list[int] = []

    def add(self, body: bytes) -> int:
        self.offsets.append(self.out.tell())
        self.out.write(b"%d 0 obj\n%b\nendobj\n" % (len(self.offsets), body))
        return len(self.offsets)

    def stream(self, data: bytes) -> int:
        return self.add(b"<</Length %d>>stream\n%b\nendstream" % (len(data), data))

    def finish(self, root: int) -> bytes:
        start, size = self.out.tell(), len(self.offsets) + 1
        self.out.write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
        self.out.writelines(b"%010d 00000 n \n" % offset for offset in self.offsets)
        trailer = b"trailer<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF"
        self.out.write(trailer % (size, root, start))
        return self.out.getvalue()


def pdf(pages: Iterable[str | bytes]) -> bytes:
    """A PDF with one page per text; bytes are a content stream as it is, with Helvetica."""
    objects = _Objects()
    tree = b"%d 0 R" % (objects.add(b"<</Type/Catalog/Pages 2 0 R>>") + 1)
    objects.add(b"")  # the page tree, written when its pages are known
    unicode_map = objects.stream(TO_UNICODE)
    descendant = objects.add(
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Any/DW 600"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>"
    )
    font = objects.add(
        b"<</Type/Font/Subtype/Type0/BaseFont/Any/Encoding/Identity-H"
        b"/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>" % (descendant, unicode_map)
    )
    plain = objects.add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    kids = []
    for page in pages:
        content = objects.stream(page if isinstance(page, bytes) else _content(page))
        kids.append(
            objects.add(
                b"<</Type/Page/Parent %b/MediaBox[0 0 600 850]/Contents %d 0 R"
                b"/Resources<</Font<</F1 %d 0 R>>>>>>"
                % (tree, content, plain if isinstance(page, bytes) else font)
            )
        )
    refs = b" ".join(b"%d 0 R" % kid for kid in kids)
    objects.offsets[1] = objects.out.tell()
    objects.out.write(b"2 0 obj\n<</Type/Pages/Count %d/Kids[%b]>>\nendobj\n" % (len(kids), refs))
    return objects.finish(1)


def _content(text: str) -> bytes:
    lines = (line.encode("utf-16-be").hex().encode() for line in text.split("\n"))
    return b"BT /F1 10 Tf 14 TL 50 800 Td " + b"".join(b"<%b> Tj T* " % i for i in lines) + b"ET"


def encrypted_pdf(pages: Sequence[str], password: str, algorithm: str = "AES-256") -> bytes:
    """A PDF that opens with this user password, which may be empty."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(pages))))
    writer.encrypt(user_password=password, owner_password="owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word(path: Path, *parts: str | Sequence[Sequence[str]]) -> None:
    """A .docx of paragraphs and tables; "# x" to "### x" are headings, "\\f" is a page break."""
    document = docx.Document()
    for part in parts:
        if not isinstance(part, str):
            table = document.add_table(rows=0, cols=len(part[0]))
            for row in part:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        elif part == "\f":
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        elif part.startswith("#"):
            marks, text = part.split(" ", 1)
            document.add_heading(text, len(marks))
        else:
            document.add_paragraph(part)
    document.save(str(path))


def rendered_word(path: Path, pages: Sequence[str]) -> None:
    """A .docx as Word saves it: explicit breaks, each followed by a rendered one."""
    document = docx.Document()
    for index, text in enumerate(pages):
        paragraph = document.add_paragraph()
        run = paragraph.add_run()
        if index:
            break_: Any = OxmlElement("w:lastRenderedPageBreak")
            run._r.append(break_)
        run = paragraph.add_run(text)
        if index + 1 < len(pages):
            run.add_break(WD_BREAK.PAGE)
    document.save(str(path))


def zeros(*parts: tuple[str, int]) -> bytes:
    """A zip archive of parts with these names and so many MB of zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, megabytes in parts:
            with archive.open(name, "w") as file:
                for _ in range(megabytes):
                    file.write(bytes(1_000_000))
    return out.getvalue()


def placed(*texts: tuple[int, int, str], size: int = 10) -> bytes:
    """The content of a page: texts at these places, from the left and from below."""
    marks = b"BT /F1 %d Tf 1 0 0 1 %d %d Tm (%b) Tj ET "
    return b"".join(marks % (size, x, y, text.encode("latin-1")) for x, y, text in texts)


def filled_pdf(page: bytes, fields: dict[str, tuple[list[int], str]], note: str) -> bytes:
    """A PDF with a form of text fields, their places and values, and a note of free text."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([page]))))
    annotations = ArrayObject()
    for name, (place, value) in fields.items():
        widget = {
            "/Type": NameObject("/Annot"), "/Subtype": NameObject("/Widget"),
            "/FT": NameObject("/Tx"), "/T": TextStringObject(name), "/V": TextStringObject(value),
            "/Rect": ArrayObject(map(NumberObject, place)),
        }  # fmt: skip
        annotations.append(writer._add_object(_dictionary(widget)))
    form = _dictionary({"/Fields": ArrayObject(annotations)})
    writer._root_object[NameObject("/AcroForm")] = writer._add_object(form)
    said = {
        "/Type": NameObject("/Annot"), "/Subtype": NameObject("/FreeText"),
        "/Contents": TextStringObject(note),
        "/Rect": ArrayObject(map(NumberObject, (50, 50, 200, 80))),
    }  # fmt: skip
    annotations.append(writer._add_object(_dictionary(said)))
    writer.pages[0][NameObject("/Annots")] = annotations
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _dictionary(items: dict[str, Any]) -> DictionaryObject:
    return DictionaryObject({NameObject(name): value for name, value in items.items()})
