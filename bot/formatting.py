"""Answers and sources as messages: text and entities, never a parse mode."""

from collections.abc import Sequence

from assistant.events import Citation
from bot.markdown import clean, parse, without_thinking
from bot.parts import LONGEST, Part, Span, split, utf16_borders
from indexer.documents import printable

GROWTH = 3  # small tables are up to twice as long as their source
QUOTE = 240  # characters of a quotation under an answer
NAME = 120  # and of a file's path, whose end tells more
WORDS = {
    "ru": ("Источники", "с.", "и ещё"),
    "en": ("Sources", "p.", "and more:"),
}


def answer_parts(markdown: str) -> list[Part]:
    """A model's whole answer as messages of at most 4096 UTF-16 units and 100 entities.

    What it thought aloud is left out; an empty answer has no part. Markdown that would become
    nothing, or mostly indentation and padding, is shown as it was written.
    """
    source = without_thinking(clean(markdown))
    text, spans = parse(source)
    if len(text) > GROWTH * len(source):
        return split(source)
    return split(text, spans) or split(source)


def plain_parts(text: str) -> list[Part]:
    """A text as it is, cut into messages."""
    return split(clean(text))


def sources_part(citations: Sequence[Citation], language: str) -> Part:
    """The sources of an answer, folded: file, page and a short quotation of each.

    One message; the sources that it can not hold are counted. `language` is "ru" or another one.
    """
    title, page, more = WORDS["ru" if language == "ru" else "en"]
    lines = [_source(number, one, page) for number, one in enumerate(citations, 1)]
    shown = len(lines)
    while True:
        left = [f"… {more} {len(lines) - shown}"] if shown < len(lines) else []
        body = "\n".join([*lines[:shown], *left])
        text = f"{title}\n{body}"
        if utf16_borders(text)[-1] <= LONGEST:
            break
        shown -= 1
    start = len(title) + 1
    spans = [Span("bold", 0, len(title)), Span("expandable_blockquote", start, len(text))]
    return split(text, spans)[0]


def _source(number: int, citation: Citation, page: str) -> str:
    name = printable(citation.file)
    name = name if len(name) <= NAME else f"…{name[-NAME:]}"
    place = f", {page} {citation.page}" if citation.page else ""
    return f"{number}. {name}{place}\n{_short(clean(citation.quote))}"


def _short(quote: str) -> str:
    """The beginning of a quotation in one line, cut between words."""
    line = " ".join(quote.split())
    if len(line) <= QUOTE:
        return f"«{line}»"
    return f"«{line[:QUOTE].rsplit(' ', 1)[0]}…»"
