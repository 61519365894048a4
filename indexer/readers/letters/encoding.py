"""Which encoding a text is in: Unicode by its rules, a code page by how likely its letters are."""

from __future__ import annotations

import codecs
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from indexer.readers.page import Unreadable

BLOCK = 1 << 20
SAMPLE = 1 << 15
SPOTS = 8
SCORED = 1 << 13
MAX_JUNK = 0.02

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODE_PAGES = ("cp1251", "koi8-r", "cp866", "cp1252")

# Occurrences per thousand letters of Russian; the last four are Ukrainian.
_LETTERS = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґ"
_SHARES = (
    *(105, 84, 80, 83, 69, 60, 53, 53, 48, 48, 33, 31, 30, 29, 21, 19, 19, 15, 18, 15, 14, 14, 11),
    *(9, 8, 6, 7, 6, 3, 4, 5, 0.4, 4, 5, 2, 2, 0.1),
)
_CYRILLIC = {
    letter: math.log(share / 1000) for letter, share in zip(_LETTERS, _SHARES, strict=True)
}
_MARKS = frozenset("«»–—“”„’‘…№©®°§±×÷½¼¾²³·•€£\u00a0")
_MARK, _WESTERN, _BOX, _OTHER = -2.5, -4.5, -4.5, -8.0
_ODD = re.compile(
    r"[а-яё](?=[А-ЯЁ])"  # a capital inside a word
    r"|[A-Za-z](?=[А-яЁё№°])|[А-яЁё](?=[A-Za-z])"  # two alphabets in one word
    r"|(?<![А-яЁё])[ьъыЬЪЫ]|[аеиоуыэюяАЕИОУЫЭЮЯ](?=[ьъЬЪ])"  # a sign where no word has one
    r"|(?<![А-яЁё])(?![АВИКОСУЯавикосуя])[А-яЁё](?![А-яЁё])"  # a lone letter that is no word
    r"|[бвгджзклмнпрстфхцчшщБВГДЖЗКЛМНПРСТФХЦЧШЩ]{4}"
)
_ODD_COST = 5.0
_CAPITAL_COST = 0.2
_JUNK = re.compile("[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f\ufffd]")


def detect(path: Path) -> str:
    """The encoding to decode the file with; Unreadable when its bytes are no text in any."""
    with path.open("rb") as file:
        sample = _sample(file)
        encoding = guess(sample)
    text = sample.decode(encoding, "replace")
    if len(_JUNK.findall(text)) > MAX_JUNK * len(text):
        raise Unreadable("not text: binary data")
    return encoding


def guess(sample: bytes) -> str:
    """The likeliest encoding of these bytes, whatever they are."""
    for bom, encoding in _BOMS:
        if sample.startswith(bom):
            return encoding
    return _utf16(sample) or _utf8(sample) or _code_page(sample)


def blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, a megabyte at a time."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _sample(file: BinaryIO) -> bytes:
    """The head and spots further in; if all that is ASCII, also the first place that is not."""
    size = file.seek(0, 2)
    step = max(SAMPLE, (size - SAMPLE) // SPOTS // 4 * 4)  # keeps UTF-16 and UTF-32 in step
    parts = []
    for start in range(0, min(size, step * SPOTS + 1), step):
        file.seek(start)
        part = file.read(SAMPLE)
        parts.append(part if start == 0 else _whole_characters(part))
    sample = b"".join(parts)
    return sample + _first_non_ascii(file) if sample.isascii() else sample


def _first_non_ascii(file: BinaryIO) -> bytes:
    file.seek(0)
    while block := file.read(BLOCK):
        if not block.isascii():
            start = re.search(rb"[^\x00-\x7f]", block)
            return block[start.start() :][:SAMPLE] if start else b""
    return b""


def _whole_characters(part: bytes) -> bytes:
    """Without the end of a UTF-8 character that began before; other encodings lose nothing."""
    cut = next((i for i, byte in enumerate(part[:4]) if not 0x80 <= byte < 0xC0), 0)
    try:
        part[cut : cut + SAMPLE // 2].decode("utf-8")
    except UnicodeDecodeError as error:
        return part if error.start < 4 else part[cut:]
    return part[cut:]


def _utf16(sample: bytes) -> str | None:
    """UTF-16 without its mark: nearly every other byte is 0 (Latin, space) or 4 (Cyrillic)."""
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        high = sample[first:4096:2]
        if high and sum(map(high.count, (0, 4))) > 0.8 * len(high):
            other = sample[1 - first : 4096 : 2]
            if sum(map(other.count, (0, 4))) < 0.2 * len(other):
                return encoding
    return None


def _utf8(sample: bytes) -> str | None:
    """UTF-8 if its rules hold, but for a few broken places in a text otherwise full of it."""
    text = sample.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if bad and sum(1 for char in text if char > "\x7f") < 5 * bad:
        return None
    return "utf-8"


def _code_page(sample: bytes) -> str:
    words = b" ".join(word for word in sample.split() if not word.isascii())[:SCORED]
    words = re.sub(rb"(.)\1{2,}", rb"\1", words, flags=re.DOTALL)  # ruled lines outvote words
    return max(_CODE_PAGES, key=lambda page: _score(words, page))


def _score(words: bytes, page: str) -> float:
    """The log-likelihood of non-ASCII words, read in a code page, as words that people write."""
    text = words.decode(page, "replace")
    counts = Counter(text)
    total = sum(_value(char, page) * count for char, count in counts.items() if char > "\x7f")
    return total - _ODD_COST * len(_ODD.findall(text))


def _value(char: str, page: str) -> float:
    if char in _MARKS:
        return _MARK
    if "\u2500" <= char <= "\u259f":  # the frames of DOS tables
        return _BOX if page == "cp866" else _OTHER
    if page == "cp1252":
        return _WESTERN if char.isalpha() else _OTHER
    return _CYRILLIC.get(char.lower(), _OTHER) - _CAPITAL_COST * char.isupper()
