"""What an answer is made of, in the order a front end sees it: Sources, Writer, Token…, Done."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.search import Found


@dataclass(frozen=True)
class Sources:
    """What the search found, before a word of the answer is there."""

    found: "Found"


@dataclass(frozen=True)
class Writer:
    """Who writes the answer: "server" with its adapter or model, or "extractive".

    `note` says why it is not the one a person would expect; what did not fit into the prompt is
    counted.
    """

    engine: str
    model: str = ""
    note: str = ""
    dropped_turns: int = 0
    dropped_passages: int = 0


@dataclass(frozen=True)
class Token:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class Citation:
    """A quotation and where it stands; `recognised` by OCR: how sure that is, in per cent."""

    file: str
    page: int | None
    heading: str | None
    quote: str
    recognised: int | None = None


def recognised(confidence: int | None, russian: bool) -> str:
    """What is told with the place of a text that OCR has read."""
    if confidence is None:
        return ""
    return f" (распознано, {confidence} %)" if russian else f" (recognised, {confidence} %)"


@dataclass(frozen=True)
class Cut:
    """The answer ended because it reached its greatest length."""

    tokens: int


@dataclass(frozen=True)
class Done:
    """The whole answer. `found` is False when the documents do not hold one.

    `cut` is True when it ended at its greatest length and not by itself. `kind` says what was
    wanted where that was no search (assistant/question), and `searched` the words that were looked
    for in place of misspelt ones.
    """

    text: str
    engine: str
    found: bool
    citations: tuple[Citation, ...] = ()
    model: str = ""
    note: str = ""
    cut: bool = False
    dropped_turns: int = 0
    dropped_passages: int = 0
    kind: str = ""
    searched: str = ""


Event = Sources | Writer | Token | Done
Piece = Writer | Token | Citation | Cut


@dataclass(frozen=True)
class Turn:
    """A question of the dialogue so far, and its answer."""

    question: str
    answer: str
