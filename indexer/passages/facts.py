"""What a document says of itself: its name, its title and author, the lines at its head.

These words are searched with every passage of the document, and never quoted.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath

from indexer.readers.letters.clean import clean

_CORE = "docProps/core.xml"
_OFFICE = frozenset((".docx", ".docm", ".xlsx", ".xlsm", ".pptx", ".ppsx"))
_OPEN = frozenset((".odt", ".ott", ".ods", ".ots", ".odp", ".otp", ".fodt", ".fods", ".fodp"))
_TOLD = ("title", "subject", "creator", "keywords")
# Camel case, and a digit beside a letter: ДоговорАренды2024.
_SEAM = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|[\W_]+")
_LATIN = (
    ("shch", "щ"), ("sch", "щ"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч"), ("sh", "ш"),
    ("yu", "ю"), ("ju", "ю"), ("ya", "я"), ("ja", "я"), ("yo", "е"), ("jo", "е"), ("ye", "е"),
    ("iy", "ий"), ("yy", "ый"), ("a", "а"), ("b", "б"), ("c", "ц"), ("d", "д"), ("e", "е"),
    ("f", "ф"), ("g", "г"), ("h", "х"), ("i", "и"), ("j", "й"), ("k", "к"), ("l", "л"), ("m", "м"),
    ("n", "н"), ("o", "о"), ("p", "п"), ("q", "к"), ("r", "р"), ("s", "с"), ("t", "т"), ("u", "у"),
    ("v", "в"), ("w", "в"), ("x", "кс"), ("y", "ы"), ("z", "з"), ("'", "ь"),
)  # fmt: skip
_SOUND = re.compile("|".join(sound for sound, _ in _LATIN))
_CYRILLIC = dict(_LATIN)


def name_words(path: str) -> str:
    """The words of a document's path; Latin ones also as the Russian that they may spell."""
    place = PurePosixPath(path)
    parts = [word for part in (*place.parts[:-1], place.stem) for word in _SEAM.split(part) if word]
    spelled = [word for word in parts if word.isascii() and word.isalpha() and len(word) > 2]
    return " ".join([*parts, *map(_in_cyrillic, spelled)])


def properties(path: Path) -> str:
    """Title, subject, author and keywords that an Office file or a PDF keeps beside its text."""
    suffix = path.suffix.lower()
    try:
        if suffix in _OFFICE:
            return clean(_office(path))
        if suffix in _OPEN:
            return clean(_open_document(path))
        return clean(_pdf(path)) if suffix == ".pdf" else ""
    except Exception:  # a damaged part beside the text is no reason to give up the text
        return ""


def _in_cyrillic(word: str) -> str:
    return _SOUND.sub(lambda sound: _CYRILLIC[sound[0]], word.lower())


def _office(path: Path) -> str:
    from lxml import etree

    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(_CORE).file_size > 1 << 20:
            return ""
        root = etree.fromstring(archive.read(_CORE), etree.XMLParser(resolve_entities=False))
    told = {str(each.tag).rpartition("}")[2]: (each.text or "").strip() for each in root}
    return "\n".join(filter(None, map(told.get, _TOLD)))


def _open_document(path: Path) -> str:
    from indexer.readers.odf.document import facts

    return "\n".join(filter(None, facts(path)))


def _pdf(path: Path) -> str:
    from pypdf import PdfReader

    told = PdfReader(path).metadata
    if told is None:
        return ""
    return "\n".join(filter(None, (told.title, told.subject, told.author)))
