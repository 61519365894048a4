"""Answers and sources as messages: text and entities, never a parse mode."""

from collections.abc import Collection, Sequence

from assistant.events import Citation, recognised
from bot.messages.addresses import neutralized
from bot.messages.markdown import clean, parse
from bot.messages.parts import Part, Span, split
from core.text import printable

GROWTH = 3  # small tables are up to twice as long as their source
QUOTE = 240  # characters of a quotation under an answer
NAME = 120  # and of a file's path, whose end tells more
WORDS = {
    "ru": ("Источники", "стр.", "и ещё", "«»"),
    "en": ("Sources", "p.", "and more:", "“”"),
}


def answer_parts(markdown: str, hosts: Collection[str] = ()) -> list[Part]:
    """A model's whole answer as messages of at most 4096 UTF-16 units and 100 entities.

    What it thought aloud is left out; an empty answer has no part. Markdown that would become
    nothing, or mostly indentation and padding, is shown as it was written. Only links to these
    hosts hide their address.
    """
    source = clean(markdown)
    try:
        text, spans = parse(source, hosts)
    except ValueError:
        return quoted_parts(source)
    if len(text) > GROWTH * len(source):
        return quoted_parts(source)
    return split(text, spans) or quoted_parts(source)


def plain_parts(text: str) -> list[Part]:
    """A text of our own as it is, cut into messages."""
    return split(clean(text))


def quoted_parts(text: str) -> list[Part]:
    """A text of others as it is, cut into messages; see `neutralized` for what it cannot do."""
    text = clean(text)
    return split(text, neutralized(text))


def sources_part(citations: Sequence[Citation], language: str) -> Part:
    """The sources of an answer, folded: file, page and a short quotation of each.

    One message; the sources that it cannot hold are counted. `language` is "ru" or another one.
    """
    title, page, more, marks = WORDS["ru" if language == "ru" else "en"]
    shown = len(citations)
    while True:
        text, spans = f"{title}\n", [Span("bold", 0, len(title))]
        for number, one in enumerate(citations[:shown], 1):
            text += f"[{one.number}] " if one.number else f"{number}. "
            name = _name(one)
            spans.append(Span("code", len(text), len(text) + len(name)))
            place = f", {page} {one.pages}" if one.page else ""
            place += recognised(one.recognised, language == "ru")
            text += f"{name}{place}\n{_short(clean(one.quote), *marks)}\n"
        text += f"… {more} {len(citations) - shown}" if shown < len(citations) else ""
        spans.append(Span("expandable_blockquote", len(title) + 1, len(text.rstrip())))
        parts = split(text, [*spans, *neutralized(text, spans)])
        if len(parts) == 1:
            return parts[0]
        shown -= 1


def _name(citation: Citation) -> str:
    name = printable(citation.file)
    return name if len(name) <= NAME else f"…{name[-NAME:]}"


def _short(quote: str, left: str, right: str) -> str:
    """The beginning of a quotation in one line, cut between words."""
    line = " ".join(quote.split())
    if len(line) > QUOTE:
        line = line[:QUOTE].rsplit(" ", 1)[0] + "…"
    return f"{left}{line}{right}"
