"""Small valid files of mail, archives, books and notes, for the same purpose."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage

from tests.indexer.ole_files import compound, outlook
from tests.indexer.sample_files import CONTRACT
from tests.indexer.test_readers_books import CONTAINER, MARKUPS, package

TEXTS: Mapping[str, str] = {
    **{suffix: f"{text}\n{CONTRACT}\n" for suffix, text in MARKUPS.items() if suffix != ".dbk"},
    ".dbk": MARKUPS[".dbk"].replace("утром", CONTRACT),
    ".fb2": "<FictionBook><description><title-info><book-title>Вафли</book-title></title-info>"
    f"</description><body><section><title><p>Глава</p></title><p>{CONTRACT}</p><subtitle>Да"
    "</subtitle><poem><stanza><v>Мука</v></stanza></poem><table><tr><th colspan='2'>А</th></tr>"
    "<tr><td>1</td><td>2</td></tr></table></section></body><binary>AAAA</binary></FictionBook>",
    ".xml": f"<?xml version='1.0'?>\n<!-- {CONTRACT} -->\n\n<a b='1'>\n  <c/>\n</a>\n",
    ".py": f'"""{CONTRACT}"""\n\nimport os\n\n\ndef f(x):\n    return x\n\n\n# Да\n# нет\n',
    ".json": json.dumps({
        "тема": CONTRACT, "дни": [1, 2.5, None, True], "склад": {"адрес": {"город": "Тула"}},
        "цены": [{"товар": "Винт", "цена": 5}, {"товар": "Гайка", "цена": {"опт": 7}}, 5],
    }, indent=1),
    ".jsonl": "\n".join(json.dumps({"имя": n, "о": CONTRACT[: n * 9]}) for n in range(9)),
    ".ipynb": json.dumps({"cells": [
        {"cell_type": "markdown", "source": ["# Вес\n", CONTRACT]},
        {"cell_type": "code", "source": "x", "outputs": [
            {"output_type": "stream", "text": "да"}, {"output_type": "error", "ename": "E"},
            {"output_type": "display_data", "data": {"text/html": "<table><tr><td>1</table>"}}]},
    ]}, indent=1),
    ".vcf": "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Рогов;Пётр;;;\r\nTEL;TYPE=CELL:+7 900 123-45-67\r\n"
    "ORG:А;Б\r\nBDAY:1980-05-12\r\nNOTE;ENCODING=QUOTED-PRINTABLE:=D0=97=\r\n=D0=B8\r\n"
    f"ADR:;;Мира\\, 5;Тула\r\nTITLE:{CONTRACT[:60]}\r\n {CONTRACT[60:]}\r\nEND:VCARD\r\n",
    ".ics": "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Совет\r\nDTSTART;TZID=A:20251204T090000\r\n"
    "RRULE:FREQ=WEEKLY;BYDAY=TH,FR\r\nATTENDEE;CN=\"Р, П\":mailto:p@lab.ru\r\nBEGIN:VALARM\r\n"
    f"END:VALARM\r\nDESCRIPTION:{CONTRACT}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
}  # fmt: skip


def more_samples(suffix: str) -> list[bytes]:
    """Valid files of a format, none where it is not one of these."""
    if suffix in TEXTS:
        text = TEXTS[suffix]
        return [text.encode(), text.encode("cp1251", "replace")]
    return _MADE[suffix]() if suffix in _MADE else []


def _letter(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "Рогов <r@lab.ru>", "z@lab.ru"
    message["Date"] = "Thu, 04 Dec 2025 09:05:00 +0300"
    message.set_content(f"{CONTRACT}\n\n> Когда?\n\n-- \nРогов\n")
    return message


def _eml() -> list[bytes]:
    rich, plain = _letter("Договор"), _letter("Отчёт")
    rich.add_alternative("<table><tr><th>А<th>Б<tr><td>1<td>2</table>", subtype="html")
    rich.add_attachment("Ключ у вахты.", filename="ключи.txt")
    rich.add_attachment(plain)
    plain.replace_header("Subject", "Report")
    return [rich.as_bytes(), plain.as_bytes()]


def _mbox() -> list[bytes]:
    return [b"".join(b"From a Thu Dec 4\n" + letter + b"\n\n" for letter in _eml() * 2)]


def _msg() -> list[bytes]:
    attached = {"__properties_version1.0": bytes(8), "__substg1.0_3701000D": outlook({0x37: "Б"})}
    file = {"__substg1.0_3707001E": b"a.txt", "__substg1.0_37010102": CONTRACT.encode()}
    letter = outlook(
        {0x37: "Договор", 0x0C1A: "Рогов", 0x1000: CONTRACT, 0x1013: b"<p>a</p>"},
        datetime(2025, 12, 4, tzinfo=UTC),
        **{"__attach_version1.0_#00000000": attached, "__attach_version1.0_#00000001": file},
    )
    return [compound(letter)]


def _zip() -> list[bytes]:
    return [_zipped({"a.txt": CONTRACT, "Отчёт/b.md": "# Да\n\nнет", "c.exe": "MZ"})]


def _epub() -> list[bytes]:
    parts = {
        "META-INF/container.xml": CONTAINER, "OEBPS/book.opf": package("nav", "b", "a"),
        "OEBPS/a.xhtml": f"<h1>А</h1><p>{CONTRACT}<a class='footnote-ref'><sup>1</sup></a></p>",
        "OEBPS/b.xhtml": "<table><tr><th>А<th>Б<tr><td>1<td>2</table>", "OEBPS/nav.xhtml": "<nav/>",
    }  # fmt: skip
    return [_zipped(parts)]


def _zipped(parts: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def _tar() -> list[bytes]:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("a.txt", "Отчёт.md", "c.zip"):
            content = _zip()[0] if name == "c.zip" else CONTRACT.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return [out.getvalue()]


def _gz() -> list[bytes]:
    return [*map(gzip.compress, _tar()), gzip.compress(CONTRACT.encode() * 9)]


_MADE: Mapping[str, Callable[[], list[bytes]]] = {
    ".eml": _eml, ".mbox": _mbox, ".msg": _msg, ".zip": _zip, ".epub": _epub, ".tar": _tar,
    ".gz": _gz,
}  # fmt: skip
MORE = (*TEXTS, *_MADE)
