"""Presentations written as XML."""

from __future__ import annotations

import zipfile
from pathlib import Path

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
    ' xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    ' xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"'
    f' xmlns:r="{_OFFICE}"'
)


def links(**parts: str) -> str:
    """A part of relations: the kind of each is its id without the last character."""
    inside = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{name[:-1]}" Target="{target}"/>'
        for name, target in parts.items()
    )
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f"{inside}</Relationships>"
    )


def shape(text: str, kind: str | None = None) -> str:
    """A text box, or what fills a placeholder; each line is a paragraph, tabs give its level."""
    place = "" if kind is None else f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
    lines = (
        f'<a:p><a:pPr lvl="{line.count(chr(9))}"/><a:r><a:t>{line.strip()}</a:t></a:r></a:p>'
        for line in text.split("\n")
    )
    return f"<p:sp>{place}<p:txBody>{''.join(lines)}</p:txBody></p:sp>"


def deck(path: Path, *slides: str, hidden: tuple[int, ...] = (), **more: str) -> Path:
    """A presentation of slides, each its shapes in XML; `more` are parts of the first slide."""
    numbers = range(1, len(slides) + 1)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_rels/.rels", links(officeDocument1="ppt/presentation.xml"))
        shown = "".join(f'<p:sldId r:id="slide{at}"/>' for at in numbers)
        archive.writestr(
            "ppt/presentation.xml",
            f"<p:presentation {SPACES}><p:sldIdLst>{shown}</p:sldIdLst></p:presentation>",
        )
        targets = {f"slide{at}": f"slides/s{at}.xml" for at in numbers}
        archive.writestr("ppt/_rels/presentation.xml.rels", links(**targets))
        for at, slide in zip(numbers, slides, strict=True):
            show = 'show="0"' if at in hidden else ""
            archive.writestr(
                f"ppt/slides/s{at}.xml",
                f"<p:sld {SPACES} {show}><p:cSld><p:spTree>{slide}</p:spTree></p:cSld></p:sld>",
            )
        archive.writestr("ppt/slides/_rels/s1.xml.rels", links(**{x: f"../{x}.xml" for x in more}))
        for name, content in more.items():
            archive.writestr(f"ppt/{name}.xml", content)
    return path
