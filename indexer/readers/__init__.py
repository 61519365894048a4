"""Documents to pages of clean text: a module per format, imported when such a file is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from indexer.readers.letters.clean import clean
from indexer.readers.page import Block, Missing, Page, Table, Unreadable, is_damage, why
from indexer.readers.plain import blocks_of

__all__ = ["READERS", "Block", "Missing", "Page", "Reader", "Table", "Unreadable", "read"]

Reader = Callable[[Path], Iterator[Page]]

# Raise it with every change of what a reader gives, or of what a document is known by: all
# documents are read again then.
VERSION = "6"

# Source code, and settings that people write.
_CODE = (
    ".py", ".js", ".jsx", ".ts", ".tsx", ".java", ".kt", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs",
    ".go", ".rs", ".rb", ".php", ".swift", ".sh", ".ps1", ".bat", ".sql", ".bsl", ".r", ".lua",
    ".pl", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties",
)  # fmt: skip

_OFFICE = (
    ".docx", ".docm", ".dotx", ".dotm", ".doc", ".dot", ".rtf",
    ".xlsx", ".xlsm", ".xltx", ".xlsb", ".xls", ".xlt",
    ".pptx", ".ppsx", ".pptm", ".ppsm", ".potx", ".ppt", ".pps", ".pot",
    ".odt", ".ott", ".ods", ".ots", ".odp", ".otp", ".fodt", ".fods", ".fodp",
)  # fmt: skip

# Module and function of this package, by suffix.
READERS: Mapping[str, str] = {
    ".pdf": "pdf.document:read",
    **dict.fromkeys((".txt", ".text", ".log"), "text:read"),
    ".rst": "markup.rst:read",
    **dict.fromkeys((".md", ".markdown"), "markup.markdown:read"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "web.html:read"),
    **dict.fromkeys(_OFFICE, "office.kinds:read"),
    **dict.fromkeys((".csv", ".tsv"), "tables.csv:read"),
    **dict.fromkeys(
        (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp"), "scan.document:read"
    ),
    **dict.fromkeys((".mhtml", ".mht"), "mail.mime:web_page"),
    ".eml": "mail.mime:eml",
    ".mbox": "mail.mime:mbox",
    ".msg": "mail.msg:read",
    ".zip": "archives.zips:read",
    **dict.fromkeys((".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz"), "archives.tars:read"),
    **dict.fromkeys((".7z", ".rar"), "archives.others:read"),
    ".epub": "books.epub:read",
    ".fb2": "books.xml_books:fiction",
    **dict.fromkeys((".dbk", ".docbook"), "books.xml_books:docbook"),
    ".xml": "books.xml_books:any_xml",
    ".ipynb": "books.ipynb:read",
    ".json": "books.records:read",
    **dict.fromkeys((".jsonl", ".ndjson"), "books.records:read_lines"),
    ".org": "markup.org:read",
    ".textile": "markup.textile:read",
    **dict.fromkeys((".wiki", ".mediawiki"), "markup.mediawiki:read"),
    **dict.fromkeys((".tex", ".latex"), "markup.latex:read"),
    **dict.fromkeys((".man", *(f".{section}" for section in range(1, 10))), "markup.man:read"),
    **dict.fromkeys((".vcf", ".vcard"), "books.cards:contacts"),
    ".ics": "books.cards:calendar",
    **dict.fromkeys(_CODE, "books.code:read"),
}


def _reader(suffix: str) -> Reader:
    module, _, function = READERS[suffix].partition(":")
    found: Reader = getattr(import_module(f"{__name__}.{module}"), function)
    return found


def read(path: Path) -> Iterator[Page]:
    """The pages of a document, cleaned, in blocks; a numbered page without text comes with text "".

    What of it could not be read comes as a page with `left_out`, after the others.

    Unreadable says why there is no text. OSError is left to the caller.
    """
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise Unreadable(f"no reader for {path.suffix or 'files without a suffix'}")
    if not path.stat().st_size:
        raise Unreadable("empty")
    found = contents = False
    left_out = ""
    try:
        for page in _reader(suffix)(path):
            left_out = left_out or page.left_out
            if not page.blocks:
                text = clean(page.text).strip()
                page = replace(page, text=text, blocks=blocks_of(text, contents_go_on=contents))
            contents = any(block.kind == "contents" for block in page.blocks)
            found = found or bool(page.text)
            if page.text or page.number is not None or (page.left_out and found):
                yield page
    except Unreadable:
        raise
    except MemoryError as error:
        raise Unreadable("too large: more than the memory that its reader may take") from error
    except Exception as error:  # whatever a parser makes of a damaged file
        if not is_damage(error):
            raise
        raise Unreadable(f"damaged: {why(error)}") from error
    if not found:
        raise Unreadable(left_out or "empty")
