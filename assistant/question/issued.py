"""The date and number that a paper bears: in its name, its title, or its first lines."""

import re
from dataclasses import dataclass
from functools import total_ordering

from indexer.catalog import Document
from indexer.forms import exact_forms

_DATE = re.compile(r"date_(\d{4})_(\d\d)_(\d\d)")
_NUMBER = re.compile(r"(?:№|\bNo\.)\s?([\w/-]*\d[\w/-]*)")
# The number that follows is that of the order which approves the paper.
_APPROVED = re.compile(r"утвержд|введен|approved", re.IGNORECASE)


@total_ordering
@dataclass(frozen=True)
class Issued:
    """Either may be empty; the date is YYYY-MM-DD. Those of a day are sorted by their numbers."""

    date: str
    number: str

    def __lt__(self, other: "Issued") -> bool:
        return (self.date, _value(self.number)) < (other.date, _value(other.number))


def issued(document: Document, opening: str) -> Issued:
    """What a document says of itself; `opening` are its first lines."""
    title = document.facts.partition("\n")[2]
    places = (document.path, title, opening)
    date = next((found for place in places if (found := _date_in(place))), "")
    numbers = (_NUMBER.search(_APPROVED.split(place)[0]) for place in places)
    number = next((match[1] for match in numbers if match), "")
    return Issued(date, number)


def _date_in(text: str) -> str:
    found = next(filter(None, map(_DATE.fullmatch, exact_forms(text))), None)
    return "-".join(found.groups()) if found else ""


def _value(number: str) -> int:
    return int(next(iter(re.findall(r"\d+", number)), "0"))
