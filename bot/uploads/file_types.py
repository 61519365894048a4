"""Whether a file that somebody sent is of the kind that its suffix claims."""

import zipfile
from pathlib import Path

_WORD, _EXCEL, _SLIDES = "word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"
_MAIN_PARTS = {
    **dict.fromkeys((".docx", ".docm", ".dotx", ".dotm"), _WORD),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx"), _EXCEL), ".xlsb": "xl/workbook.bin",
    **dict.fromkeys((".pptx", ".pptm", ".ppsx", ".ppsm", ".potx"), _SLIDES),
    **dict.fromkeys((".odt", ".ott", ".ods", ".ots", ".odp", ".otp"), "content.xml"),
}  # fmt: skip
# Often of other content: web pages, tables, letters.
_OLD_OFFICE = (".doc", ".dot", ".xls", ".xlt", ".ppt", ".pps", ".pot", ".rtf")
# How others begin that are no text; what a tar is, its reader tells.
_HEADS = {
    (".jpg", ".jpeg"): (b"\xff\xd8\xff",),
    (".png",): (b"\x89PNG\r\n\x1a\n",),
    (".tif", ".tiff"): (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    (".bmp",): (b"BM",),
    (".webp",): (b"RIFF",),
    (".zip", ".epub"): (b"PK\x03\x04",),
    (".gz", ".tgz"): (b"\x1f\x8b",),
    (".bz2", ".tbz2"): (b"BZh",),
    (".xz", ".txz"): (b"\xfd7zXZ\0",),
    (".7z",): (b"7z\xbc\xaf\x27\x1c",),
    (".rar",): (b"Rar!\x1a\x07",),
    (".msg",): (b"\xd0\xcf\x11\xe0",),
    (".tar",): (b"",),
}
_BLOCK = 1 << 20


def has_type_of_suffix(path: Path) -> bool:
    """Tell by how it begins and what is in it; what else may be wrong, its reader finds."""
    from indexer.readers.office.kinds import kind_of

    with path.open("rb") as file:
        head = file.read(64)
    if path.suffix == ".pdf":
        return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"%PDF-")
    if path.suffix in _MAIN_PARTS:
        return head.startswith(b"PK\x03\x04") and _is_office(path)
    for suffixes, heads in _HEADS.items():
        if path.suffix in suffixes:
            return head.startswith(heads)
    if path.suffix in _OLD_OFFICE and kind_of(path) not in (".txt", ".csv"):
        return True
    return _is_text(path, head)


def _is_office(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return _MAIN_PARTS[path.suffix] in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False


def _is_text(path: Path, head: bytes) -> bool:
    """Tell whether it can be decoded and has no NUL; formats that begin as text are none."""
    from indexer.readers import Unreadable
    from indexer.readers.letters.encoding import detect

    if head.startswith((b"%PDF-", b"{\\rtf", b"PK\x03\x04", b"\x7fELF")):
        return False
    try:
        encoding = detect(path)
    except Unreadable:
        return False
    with path.open(encoding=encoding, errors="replace") as file:
        return not any("\0" in block for block in iter(lambda: file.read(_BLOCK), ""))
