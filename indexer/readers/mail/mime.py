"""Letters as they travel: eml, mbox, which holds many, and mhtml, which is sent as one."""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.header import decode_header
from email.message import Message
from email.parser import BytesFeedParser
from email.policy import Compat32
from email.utils import collapse_rfc2231_value, parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import IO

from indexer.readers.letters.encoding import guess
from indexer.readers.mail.letter import Letter, write
from indexer.readers.members import inside
from indexer.readers.page import Page, Unreadable
from indexer.readers.web import html

PART_MB, LETTER_MB = 64, 128  # as they travel; more of a letter is not kept
LONGEST_HEADER = 20_000  # characters
LONGEST_LINE = 1 << 16
_CUT = "\0cut"  # stands where a part goes on beyond the limits
_START_OF_PART = 100_000  # kept of each, with its headers, when the letter is too large
MOST_PARTS = 1000

_WITHOUT_TEXT = frozenset((
    "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
    "message/delivery-status", "text/rfc822-headers",
))  # fmt: skip
_SUFFIXES = {"message/rfc822": ".eml", "text/calendar": ".ics", "text/vcard": ".vcf"}
_HEADERS = ("from", "subject", "received", "return-path", "to", "date", "message-id")
_START = 1 << 14


def eml(path: Path) -> Iterator[Page]:
    """The pages of one letter and of its attachments."""
    with path.open("rb") as file, inside(path) as members:
        start = _start(file)
        if not any(f"\n{name}:" in start for name in _HEADERS):
            raise Unreadable("damaged: no headers of a letter")
        yield from write(_letter(_parsed(_lines(file))), members)
        yield from members.told()


def mbox(path: Path) -> Iterator[Page]:
    """The pages of letter after letter, with few of them in memory."""
    with path.open("rb") as file, inside(path) as members:
        if not _start(file).startswith("\nfrom "):
            raise Unreadable("damaged: no mailbox, it does not begin with From")
        for lines in _letters(_lines(file)):
            yield from write(_letter(_parsed(lines)), members)
        yield from members.told()


def web_page(path: Path) -> Iterator[Page]:
    """A web page with what belongs to it, as browsers save it; wikis call it .doc."""
    with path.open("rb") as file:
        parts = list(_parts(_parsed(_lines(file))))
    for kind in ("text/html", "text/plain"):
        for part in parts:
            if part["content-type"] and part.get_content_type() == kind:
                return html.parse([_text(part)])
    raise Unreadable("damaged: no web page in it")


def _start(file: IO[bytes]) -> str:
    start = file.read(_START)
    file.seek(0)
    return "\n" + start.lstrip(b"\xef\xbb\xbf\r\n").decode("latin-1").replace("\r", "").lower()


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines; a very long one comes in parts."""
    return iter(lambda: file.readline(LONGEST_LINE), b"")


def _letters(lines: Iterator[bytes]) -> Iterator[Iterator[bytes]]:
    """The lines of each letter, which are to be taken before the next."""
    begun = next(lines, b"")
    while begun:
        ended: list[bytes] = []
        yield _one(lines, ended)
        begun = ended[0] if ended else b""


def _one(lines: Iterator[bytes], ended: list[bytes]) -> Iterator[bytes]:
    """Lines up to the one that begins the next letter, which is put into `ended`."""
    blank = False
    for line in lines:
        if blank and line.startswith(b"From "):
            ended.append(line)
            return
        blank = not line.strip()
        yield line[1:] if line.startswith(b">") and line.lstrip(b">").startswith(b"From ") else line


class _Raw(Compat32):
    """Headers stay what they are: the usual policy loses bytes of an encoding that is not named."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


def _parsed(lines: Iterable[bytes]) -> Message:
    parser = BytesFeedParser(policy=_Raw())
    for line in _kept(lines):
        parser.feed(line)
    return parser.close()


def _kept(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines without what is beyond the limits; borders of parts are kept."""
    part = whole = 0
    is_cut = False
    for line in lines:
        if line.startswith(b"--"):
            part, is_cut = 0, False
        if is_cut:
            continue
        part, whole = part + len(line), whole + len(line)
        most = PART_MB * 1_000_000 if whole <= LETTER_MB * 1_000_000 else _START_OF_PART
        is_cut = part > most
        yield f"{_CUT}\r\n".encode() if is_cut else line


def _letter(message: Message) -> Letter:
    letter = Letter(
        header(message["subject"]), header(message["from"]), header(message["to"]),
        header(message["cc"]), _date(message["date"]),
    )  # fmt: skip
    for part in _parts(message):
        _take(part, letter)
    return letter


def _parts(message: Message) -> Iterator[Message]:
    """The parts of a letter, without those of the letters that are attached to it."""
    waiting, seen = [message], 0
    while waiting and seen < MOST_PARTS:
        part = waiting.pop()
        seen += 1
        inside = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting += reversed([each for each in inside if isinstance(each, Message)])
        else:
            yield part


def _take(part: Message, letter: Letter) -> None:
    kind, name = part.get_content_type(), _file_name(part)
    is_attached = part.get_content_disposition() == "attachment" or bool(name)
    if kind == "text/plain" and not is_attached:
        letter.text = "\n\n".join(filter(None, (letter.text, _text(part))))
    elif kind == "text/html" and not is_attached:
        letter.html += _text(part)
    elif kind in _WITHOUT_TEXT or (part["content-id"] and kind.startswith("image/")):
        return
    else:
        letter.attachments.append((name or _named(part, kind), partial(_opened, part)))


def _file_name(part: Message) -> str:
    """The name of an attached file, in any of the ways in which it may be written."""
    given = part.get_param("filename", None, "content-disposition") or part.get_param("name")
    if isinstance(given, tuple):
        return collapse_rfc2231_value(given)
    return header(given)


def _named(part: Message, kind: str) -> str:
    suffix = _SUFFIXES.get(kind) or mimetypes.guess_extension(kind) or ""
    inside = part.get_payload()
    if isinstance(inside, list) and inside and isinstance(inside[0], Message):
        return (header(inside[0]["subject"]).replace("/", " ")[:80] or "letter") + suffix
    return f"{kind.partition('/')[0]}{suffix}"


def _opened(part: Message) -> IO[bytes]:
    inside = part.get_payload()
    if isinstance(inside, list):
        first = inside[0] if inside else None
        return io.BytesIO(first.as_bytes() if isinstance(first, Message) else b"")
    if isinstance(inside, str) and _CUT in inside[-10:]:
        raise Unreadable(f"too large: more than {PART_MB} MB as it is sent")
    return io.BytesIO(_bytes(part))


def _text(part: Message) -> str:
    """The text of a part, in the encoding that it names unless that is not true."""
    data = _bytes(part)
    try:
        text = data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeError):
        text = data.decode(guess(data), "replace")
    return text.replace("\r\n", "\n").replace(_CUT, "")


def _bytes(part: Message) -> bytes:
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def header(value: object) -> str:
    """The text of a header: encoded words, or bytes of an encoding that nobody names."""
    raw = str(value or "")[:LONGEST_HEADER]
    try:
        pieces = decode_header(raw)
    except Exception:  # a damaged encoded word
        pieces = [(raw, None)]
    return " ".join("".join(_decoded(piece, charset) for piece, charset in pieces).split())


def _decoded(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        piece = piece.encode("utf-8", "surrogateescape")
    try:
        return piece.decode(charset or "utf-8")
    except (LookupError, UnicodeError):
        return piece.decode(guess(piece), "replace")


def _date(value: object) -> datetime | None:
    try:
        return parsedate_to_datetime(str(value))
    except Exception:  # email.utils raises anything
        return None
