"""A paper with what it says of itself: its kind, its number and its date."""

import re
from dataclasses import dataclass, replace
from functools import total_ordering

from assistant.events import Citation
from assistant.retrieval.told import cited, day
from core.text import printable
from indexer.passages.forms import exact_forms
from indexer.passages.title import KINDS, kind_in, title_of
from indexer.passages.words import stem, words
from indexer.store.catalog import Document
from indexer.store.store import Store

STEMS = frozenset(map(stem, KINDS))
_DATE = re.compile(r"date_(\d{4})_(\d\d)_(\d\d)")
_NUMBER = re.compile(r"(?:№|\bN[oO]\.|\bN(?= ?\d))\s?([\w/-]*\d[\w/-]*)")
# The number that follows is that of the order which approves the paper.
_APPROVED = re.compile(r"утвержд|введен|approved", re.IGNORECASE)


@total_ordering
@dataclass(frozen=True)
class Issued:
    """Either may be empty; the date is YYYY-MM-DD. Those of a day are sorted by their numbers."""

    date: str
    number: str

    def told(self, russian: bool) -> str:
        """As people write it."""
        sign, of = ("№", "от") if russian else ("No.", "of")
        number = f"{sign} {self.number}" if self.number else ""
        return f"{number} {of} {day(self.date, russian)}".strip() if self.date else number

    def __lt__(self, other: "Issued") -> bool:
        return (self.date, _value(self.number)) < (other.date, _value(other.number))


@dataclass(frozen=True)
class Paper:
    """A document with what it bears."""

    document: Document
    cited: Citation
    issued: Issued

    @classmethod
    def read(cls, store: Store, document: Document) -> "Paper":
        """Look at its first lines."""
        first = cited(store, document)
        return cls(document, first, _issued(document, first.quote))

    def is_of(self, year: str) -> bool:
        """Tell whether it bears the year's date or names it, in its first lines if undated."""
        date, first = self.issued.date, words(self.cited.quote)
        named = words(f"{self.document.path} {self.document.facts}")
        return date[:4] == year or year in named or (not date and year in first)

    def line(self, russian: bool) -> str:
        """Its path, with the number and date that it bears, unless the path says the number."""
        path, issued = self.document.path, self.issued
        if issued.number in path:
            issued = replace(issued, number="")
        return f"— {printable(path)}, {issued.told(russian)}".removesuffix(", ")


def is_a(kind: str, document: Document) -> bool:
    """Tell whether its name has the word, or a line of its title is it or begins with it."""
    lines = document.facts.split("\n")
    first = {line[0] for line in map(words, lines) if line} & KINDS
    named = filter(None, map(kind_in, lines))
    return kind in set(map(stem, [*words(document.path), *first, *named]))


def _issued(document: Document, opening: str) -> Issued:
    """What a document says of itself; `opening` are its first lines.

    A letterhead has numbers, too: what stands from the kind of paper on comes before them.
    """
    facts = document.facts.partition("\n")[2]
    places = (document.path, title_of(document.facts), facts, opening)
    date = next((found for place in places if (found := _date_in(place))), "")
    numbers = (_NUMBER.search(_APPROVED.split(place)[0]) for place in places)
    number = next((match[1] for match in numbers if match), "")
    return Issued(date, number)


def _date_in(text: str) -> str:
    found = next(filter(None, map(_DATE.fullmatch, exact_forms(text))), None)
    return "-".join(found.groups()) if found else ""


def _value(number: str) -> int:
    return int(next(iter(re.findall(r"\d+", number)), "0"))
