"""Files to send to the bot, good and bad, and how a test sends them and hears the result."""

import base64
import io
import random
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import docx
import openpyxl
from pypdf import PdfReader, PdfWriter

from tests.bot.bot_process import ADMIN, ORPHANS, BotProcess
from tests.fakes.bot_api import FakeBotAPI
from tests.indexer.open_files import p, packed
from tests.indexer.sample_files import pdf

ADMINS = list(range(1, 22))  # each with a chat and its limits of its own
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00>\x00\x01" + bytes(400) + b"text of a program"
PE = b"MZ\x90\x00\x03" + bytes(55) + b"\x80" + bytes(70) + b"PE\x00\x00d\x86" + bytes(400)


def send(api: FakeBotAPI, name: str | None, content: bytes, user: int = ADMIN, **more: Any) -> int:
    """A person sends a file; the number of that message. A name of None is not said."""
    encoded = base64.b64encode(content).decode()
    if name is None:
        more["document"] = {"file_name": None, **more.get("document", {})}
    action = {"kind": "document", "name": name or "", "content": encoded, **more}
    return int(api.user(user, **action)["message_id"])


def send_photo(api: FakeBotAPI, content: bytes, user: int = ADMIN, **more: Any) -> int:
    """A person sends a photo, not as a file; the number of that message."""
    encoded = base64.b64encode(content).decode()
    return int(api.user(user, kind="photo", content=encoded, **more)["message_id"])


def told(bot: BotProcess, message: int) -> list[str]:
    """What the bot says in the end about the file of this message."""
    return [
        reply["text"]
        for chat in bot.api.chats.history
        for reply in bot.api.messages(chat)
        if reply["from"]["is_bot"]
        and not reply.get("deleted")
        and reply.get("reply_to_message", {}).get("message_id") == message
        and not reply["text"].startswith(ORPHANS)
    ]


async def result(bot: BotProcess, message: int) -> str:
    """The one thing that the bot says in the end about the file of this message."""
    await bot.api.until(lambda: told(bot, message))
    (text,) = told(bot, message)
    return text


def documents_of(state: Path) -> dict[str, bytes]:
    """Whatever lies in the documents folder, hidden or not, by path."""
    folder = state / "documents"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def word(*paragraphs: str) -> bytes:
    """A .docx."""
    document, out = docx.Document(), io.BytesIO()
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


def open_text(text: str) -> bytes:
    """An .odt."""
    with TemporaryDirectory() as folder:
        return packed(Path(folder, "a.odt"), p(text)).read_bytes()


def rich_text(text: str) -> bytes:
    """An .rtf."""
    letters = "".join(rf"\u{ord(letter)}?" for letter in text)
    return rf"{{\rtf1\pard {letters}\par}}".encode()


def pdf_of(size: int, text: str) -> bytes:
    """A PDF of so many bytes: a page with the text, and an attachment of noise."""

    def make(attached: int) -> bytes:
        writer, out = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([text])))), io.BytesIO()
        writer.add_attachment("noise.bin", random.Random(1).randbytes(attached))
        writer.write(out)
        return out.getvalue()

    made = make(size - 10_000)
    return make(size - 10_000 + size - len(made))


def workbook(rows: list[list[object]]) -> bytes:
    """An .xlsx of one sheet."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A .zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def locked(archive: bytes) -> bytes:
    """A .zip of one file that says that there is a password."""
    central = archive.index(b"PK\x01\x02") + 8
    return archive[:6] + b"\x01" + archive[7:central] + b"\x01" + archive[central + 1 :]


def bomb(body: bytes, times: int, inside: bytes = b"") -> bytes:
    """A small .docx whose document is `body`, so many times, in one element `inside`."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(word("x"))) as good,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bad,
    ):
        for name in good.namelist():
            if name != "word/document.xml":
                bad.writestr(name, good.read(name))
        head, tail = good.read("word/document.xml").split(b"<w:body>")
        with bad.open("word/document.xml", "w") as file:
            file.write(head + b"<w:body>" + (b"<%b>" % inside if inside else b""))
            for _ in range(times // 10_000):
                file.write(body * 10_000)
            file.write((b"</%b>" % inside if inside else b"") + tail)
    return out.getvalue()


def every(done: list[int], bot: BotProcess) -> Callable[[], bool]:
    """Tells whether each of these messages has its result."""
    return lambda: all(told(bot, message) for message in done)
