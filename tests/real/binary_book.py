"""A workbook of Excel's binary kind, .xlsb, which LibreOffice reads but does not write."""

import io
import struct
import zipfile
from collections.abc import Sequence

_TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.bin"
 ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>
<Override PartName="/xl/worksheets/sheet1.bin" ContentType="application/vnd.ms-excel.worksheet"/>
</Types>"""
_LINK = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="{target}"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/>
</Relationships>"""
# Types of records: https://learn.microsoft.com/openspecs/office_file_formats/ms-xlsb
_BOOK, _BOOK_END, _SHEETS, _SHEETS_END, _SHEET_NAME = 131, 132, 143, 144, 156
_SHEET, _SHEET_END, _DATA, _DATA_END, _ROW, _REAL, _TEXT = 129, 130, 145, 146, 0, 5, 6


def binary_book(rows: Sequence[Sequence[str | float]]) -> bytes:
    """The bytes of one with a sheet of these rows."""
    name = struct.pack("<II", 0, 1) + _text("rId1") + _text("Цены")
    book = [(_BOOK, b""), (_SHEETS, b""), (_SHEET_NAME, name), (_SHEETS_END, b""), (_BOOK_END, b"")]
    sheet = [(_SHEET, b""), (_DATA, b"")]
    for at, row in enumerate(rows):
        sheet.append((_ROW, struct.pack("<IIHBBBI", at, 0, 300, 0, 0, 0, 0)))
        for column, value in enumerate(row):
            kind = _TEXT if isinstance(value, str) else _REAL
            shown = _text(value) if isinstance(value, str) else struct.pack("<d", value)
            sheet.append((kind, struct.pack("<II", column, 0) + shown))
    sheet += [(_DATA_END, b""), (_SHEET_END, b"")]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr(
            "_rels/.rels", _LINK.format(target="xl/workbook.bin", kind="officeDocument")
        )
        link = _LINK.format(target="worksheets/sheet1.bin", kind="worksheet")
        archive.writestr("xl/_rels/workbook.bin.rels", link)
        archive.writestr("xl/workbook.bin", b"".join(_record(*each) for each in book))
        archive.writestr("xl/worksheets/sheet1.bin", b"".join(_record(*each) for each in sheet))
    return out.getvalue()


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _record(kind: int, content: bytes) -> bytes:
    return _number(kind) + _number(len(content)) + content


def _number(value: int) -> bytes:
    """In seven bits a byte, the lowest first."""
    if value < 128:
        return bytes((value,))
    return bytes((value & 127 | 128,)) + _number(value >> 7)
