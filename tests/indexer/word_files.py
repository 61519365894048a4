"""Word documents written as XML, for what python-docx does not write."""

from __future__ import annotations

import zipfile
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_NAMESPACES = (
    f'xmlns:w="{MAIN}" xmlns:m="{OFFICE}/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)
_RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
_ROOTS = {"header": "hdr", "footer": "ftr"}


def word_xml(path: Path, body: str, *, strict: bool = False, **parts: str) -> None:
    """A document of this body; parts by kind: styles, numbering, footnotes, header1, header2 …"""
    kinds = {name: name.rstrip("0123456789") for name in parts}
    links = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/relationships/{kind}" Target="{name}.xml"/>'
        for name, kind in kinds.items()
    )
    files = {
        "_rels/.rels": f"<Relationships {_RELATIONS}><Relationship Id='r1' "
        f"Type='{OFFICE}/relationships/officeDocument' Target='word/document.xml'/>"
        "</Relationships>",
        "word/_rels/document.xml.rels": f"<Relationships {_RELATIONS}>{links}</Relationships>",
        "word/document.xml": f"<w:document {_NAMESPACES}><w:body>{body}</w:body></w:document>",
    }
    for name, kind in kinds.items():
        root = f"w:{_ROOTS.get(kind, kind)}"
        files[f"word/{name}.xml"] = f"<{root} {_NAMESPACES}>{parts[name]}</{root}>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, _strict(text) if strict else text)


def _strict(text: str) -> str:
    purl = "http://purl.oclc.org/ooxml"
    return text.replace(MAIN, f"{purl}/wordprocessingml/main").replace(
        OFFICE, f"{purl}/officeDocument"
    )


def p(text: str = "", properties: str = "") -> str:
    """A paragraph of a text, or of runs in XML."""
    runs = text if text.startswith("<") or not text else f"<w:r><w:t>{text}</w:t></w:r>"
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"


def item(text: str, level: int = 0, name: int = 1) -> str:
    """A paragraph in a list."""
    return p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{name}"/></w:numPr>')


def table(*rows: str) -> str:
    return f"<w:tbl>{''.join(rows)}</w:tbl>"


def tr(*cells: str, properties: str = "") -> str:
    """A row of cells; a plain text is made one."""
    made = (cell if cell.startswith("<") else tc(p(cell)) for cell in cells)
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(made)}</w:tr>"


def tc(content: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


def level(depth: int, form: str, text: str, more: str = "") -> str:
    """A level of a list definition."""
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def numbering(*levels: str, numbers: str = "") -> str:
    """List 1 of these levels; `numbers` are more w:num, of definition 7."""
    return (
        f'<w:abstractNum w:abstractNumId="7">{"".join(levels)}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>{numbers}'
    )
