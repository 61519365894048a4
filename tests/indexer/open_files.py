"""OpenDocument files written as XML, flat and in a zip."""

from __future__ import annotations

import zipfile
from pathlib import Path

_PREFIXES = {
    **{name: name for name in ("office", "text", "table", "style", "presentation", "meta")},
    "draw": "drawing", "fo": "xsl-fo-compatible", "svg": "svg-compatible",
}  # fmt: skip
_SPACES = "".join(
    f' xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in _PREFIXES.items()
)
SPACES = (
    f'{_SPACES} xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.3"'
)
MIMETYPES = {".odt": "text", ".ods": "spreadsheet", ".odp": "presentation"}


def flat(path: Path, body: str, *, styles: str = "", own: str = "", meta: str = "") -> Path:
    """A file in one piece; its kind follows from its suffix, `own` are automatic styles."""
    kind = _kind(path)
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><office:document{SPACES} office:mimetype='
        f'"application/vnd.oasis.opendocument.{kind}"><office:meta>{meta}</office:meta>'
        f"<office:styles>{styles}</office:styles><office:automatic-styles>{own}"
        f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
        "</office:body></office:document>"
    )
    return path


def packed(
    path: Path, body: str, *, styles: str = "", own: str = "", manifest: str = "", **more: str
) -> Path:
    """A file of parts; `more` are others of them, by name without ".xml"."""
    kind = _kind(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr(
            "content.xml",
            f"<office:document-content{SPACES}><office:automatic-styles>{own}"
            f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
            "</office:body></office:document-content>",
        )
        root = "office:document-styles"
        archive.writestr("styles.xml", f"<{root}{SPACES}>{styles}</{root}>")
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
        for name, content in more.items():
            archive.writestr(f"{name}.xml", content)
    return path


def _kind(path: Path) -> str:
    return MIMETYPES[f".od{path.suffix[-1]}"]


def p(text: str, style: str = "", tag: str = "p") -> str:
    """A paragraph."""
    named = f' text:style-name="{style}"' if style else ""
    return f"<text:{tag}{named}>{text}</text:{tag}>"


def h(text: str, level: int = 1, more: str = "") -> str:
    """A heading."""
    return f'<text:h text:outline-level="{level}"{more}>{text}</text:h>'


def cell(text: str = "", more: str = "") -> str:
    """A cell of text, whatever it is made of."""
    inside = text if text.startswith("<") or not text else p(text)
    return f"<table:table-cell{more}>{inside}</table:table-cell>"


def row(*cells: str, more: str = "") -> str:
    """A row of cells, or of their texts."""
    inside = "".join(each if each.startswith("<table:") else cell(each) for each in cells)
    return f"<table:table-row{more}>{inside}</table:table-row>"


def table(*rows: str, name: str = "", more: str = "") -> str:
    """A table, or a sheet."""
    return f'<table:table table:name="{name}"{more}>{"".join(rows)}</table:table>'


def bullets(*items: str, style: str = "", more: str = "") -> str:
    """A list; an item that is a list stands in the one before."""
    named = f' text:style-name="{style}"' if style else ""
    inside = "".join(
        f"<text:list-item>{each if each.startswith('<') else p(each)}</text:list-item>"
        for each in items
    )
    return f"<text:list{named}{more}>{inside}</text:list>"


def list_style(name: str, *levels: str) -> str:
    """A style of lists: for each level its attributes; "•" is a bullet."""
    inside = "".join(
        f'<text:list-level-style-bullet text:level="{at}" text:bullet-char="{each}"/>'
        if len(each) == 1
        else f'<text:list-level-style-number text:level="{at}" {each}/>'
        for at, each in enumerate(levels, 1)
    )
    return f'<text:list-style style:name="{name}">{inside}</text:list-style>'
