"""What an answer is made of, in the order a front end sees it: Sources, Token…, Done."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.search import Found


@dataclass(frozen=True)
class Sources:
    """What the search found, before a word of the answer is there."""

    found: "Found"


@dataclass(frozen=True)
class Token:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class Citation:
    """A quotation and where it stands."""

    file: str
    page: int | None
    heading: str | None
    quote: str


@dataclass(frozen=True)
class Done:
    """The whole answer. `found` is False when the documents do not hold one."""

    text: str
    engine: str
    found: bool
    citations: tuple[Citation, ...] = ()


Event = Sources | Token | Done


@dataclass(frozen=True)
class Turn:
    """A question of the dialogue so far, and its answer."""

    question: str
    answer: str
