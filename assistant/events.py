"""What an answer is made of, in the order a front end sees it: Sources, Writer, Token…, Done."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.text import page_numbers

if TYPE_CHECKING:
    from indexer.search.searcher import Found


@dataclass(frozen=True)
class Sources:
    """What the search found, before a word of the answer is there."""

    found: "Found"


@dataclass(frozen=True)
class Writer:
    """Who writes the answer: "server" with its adapter or model, or "extractive".

    `note` says why it is not the one a person would expect. Where that is an error of the model
    server, `fault` is its kind, `in_short` the note without the server's words, which may be a
    person's, and `hint` what helps. What did not fit into the prompt is counted.
    """

    engine: str
    model: str = ""
    note: str = ""
    fault: str = ""
    in_short: str = ""
    hint: str = ""
    dropped_turns: int = 0
    dropped_passages: int = 0


@dataclass(frozen=True)
class Token:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class Citation:
    """A quotation and where it stands.

    `number`: of its passage, where an answer names it; `last_page`: where it goes over to another;
    `recognised` by OCR: how sure that is, in per cent.
    """

    file: str
    page: int | None
    heading: str | None
    quote: str
    number: int | None = None
    last_page: int | None = None
    recognised: int | None = None

    @property
    def pages(self) -> str:
        """The number of its page, or of its pages."""
        return page_numbers(self.page, self.last_page)


def recognised(confidence: int | None, russian: bool) -> str:
    """What is told with the place of a text that OCR has read."""
    if confidence is None:
        return ""
    return f" (распознано, {confidence} %)" if russian else f" (recognised, {confidence} %)"


@dataclass(frozen=True)
class Retracted:
    """What was shown so far was the model's thinking: its answer begins again."""


@dataclass(frozen=True)
class Refusal:
    """The model says that the passages do not hold the answer."""


@dataclass(frozen=True)
class Unsupported:
    """Sentences of the model's answer that no passage supports."""

    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Cut:
    """The answer ended before its end: at its greatest length, or by the `cause`.

    `fault` is the kind of the error, where it was one.
    """

    cause: str = ""
    fault: str = ""


REPEATS = "the model repeats itself"


@dataclass(frozen=True)
class Done:
    """The whole answer. `found` is False when the documents do not hold one.

    `cut` is True when it did not end by itself: at its greatest length, or by the `cause`. `kind`
    says what was wanted where that was no search (assistant/question), and `searched` the words
    that were looked for in place of misspelt ones. `unsupported` are sentences of a model's answer
    that are in no passage.
    """

    text: str
    engine: str
    found: bool
    citations: tuple[Citation, ...] = ()
    model: str = ""
    note: str = ""
    fault: str = ""
    in_short: str = ""
    hint: str = ""
    cut: bool = False
    cause: str = ""
    dropped_turns: int = 0
    dropped_passages: int = 0
    kind: str = ""
    searched: str = ""
    unsupported: tuple[str, ...] = ()


Event = Sources | Writer | Token | Retracted | Done
Piece = Writer | Token | Retracted | Citation | Cut | Refusal | Unsupported


@dataclass(frozen=True)
class Turn:
    """A question of the dialogue so far, and its answer."""

    question: str
    answer: str
