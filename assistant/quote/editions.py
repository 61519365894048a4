"""Two documents that say the same with other numbers: which of them is the newer."""

import re
from pathlib import PurePosixPath

from indexer.passages.forms import exact_forms
from indexer.passages.words import stem, words
from indexer.search.searcher import Hit

# The share of words that two passages about the same thing have in common.
ALIKE = 0.6
_OLD = re.compile(
    r"\b(стар(ое|ая|ый|ые)|архив\w*|утратил\w* силу|отмен[её]н\w*|недейств\w+|old|archived?"
    r"|obsolete|superseded|repealed)\b",
    re.IGNORECASE,
)
_EDITION = re.compile(
    r"верси[яи]|ред|редакци[яи]|нов\w+|действ\w+|new|current|version|edition|final"
)
# Stems of what is numbered one after the other: protocol 8 is no edition of protocol 7.
_SERIAL = frozenset(
    [
        "протокол",
        "приказ",
        "распоряжен",
        "отчет",
        "акт",
        "счет",
        "договор",
        "письм",
        "minut",
        "order",
        "report",
        "invoic",
        "contract",
        "letter",
        "newslett",
    ]
)
REPLACES = re.compile(
    r"взамен|вместо|отмен(и|я|е)\w*|утратив\w+ силу|утрачива\w+ силу|supersed|replac|repeal", re.I
)
_DAY = re.compile(r"date_\d{4}_\d\d_\d\d")
_DOCUMENT_NUMBER = re.compile(r"(?:№|\bNo?\.?) ?(\d[\w/-]*)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DATE = re.compile(r"(?<!\d)(\d\d)\.(\d\d)\.((?:19|20)\d\d)(?!\d)")
_VERSION = re.compile(
    r"(?:\bv|\bверсия|\bред\w*|\brev\w*|\bversion)[ ._]*(\d+(?:\.\d+)*|[a-zа-я]\b)", re.I
)


def differ(one: str, other: str) -> bool:
    """Tell whether two texts say the same with other numbers."""
    first, second = set(words(one)), set(words(other))
    if _numbers(first) == _numbers(second):
        return False
    stems = _stems(first)
    return len(stems) >= 4 and _are_alike(stems, _stems(second))


def same_columns(one: str, other: str) -> bool:
    """Tell whether two rows are of tables of one kind, by the names of their columns."""
    return _are_alike(_stems(set(words(one))), _stems(set(words(other))))


def is_edition(one: Hit, other: Hit) -> bool:
    """Tell whether two files are editions of one document, by their names."""
    names = [_name(hit) for hit in (one, other)]
    return one.file != other.file and bool(names[0] - _SERIAL) and names[0] == names[1]


def replaces(one: Hit, other: Hit) -> bool:
    """Tell whether a document says that it takes the place of another, by its date or number."""
    dates, numbers = marks(other.facts)
    for piece in one.pieces() if one.file != other.file and (dates or numbers) else ():
        if REPLACES.search(piece.text):
            said = marks(piece.text)
            if dates & said[0] if dates and said[0] else numbers & said[1]:
                return True
    return False


def marks(text: str) -> tuple[set[str], set[str]]:
    """The dates and the document numbers of a text."""
    dates = {form for form in exact_forms(text) if _DAY.fullmatch(form)}
    return dates, set(_DOCUMENT_NUMBER.findall(text))


def _name(hit: Hit) -> set[str]:
    """The words of a file's name, without numbers and those that tell editions apart."""
    stem_of_file = _YEAR.sub(" ", PurePosixPath(hit.file).stem.replace("_", " "))
    name = _OLD.sub(" ", _VERSION.sub(" ", stem_of_file))
    return {
        stem(word)
        for word in words(name)
        if len(word) > 2 and not any(map(str.isdigit, word)) and not _EDITION.fullmatch(word)
    }


def age(hit: Hit) -> tuple[bool, str, str, str]:
    """What sorts the newest last: not put aside, its date or year, its version, the file's date."""
    said = f"{hit.file}\n{hit.facts}"
    dates = [f"{year}{month}{day}" for day, month, year in _DATE.findall(said)]
    years = _YEAR.findall(said)
    version = max(_VERSION.findall(said), default="")
    newest = max([*dates, *years], default="")
    return not is_put_aside(said, newest[:4]), newest, version.lower(), hit.date


def is_put_aside(said: str, year: str = "") -> bool:
    """Tell whether a line says so, and not of the edition of another year."""
    lines = [line for line in said.split("\n") if _OLD.search(line)]
    return any(not _YEAR.search(line) or year in line for line in lines)


def year(hit: Hit) -> str:
    """The year of an edition, if its name or title says one."""
    return age(hit)[1][:4]


def _numbers(some: set[str]) -> set[str]:
    return {word for word in some if word.isdigit()}


def _stems(some: set[str]) -> set[str]:
    return {stem(word) for word in some if not word.isdigit()}


def _are_alike(one: set[str], other: set[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)
