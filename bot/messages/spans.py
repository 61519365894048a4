"""Spans in an order and nesting that Telegram takes."""

from collections.abc import Iterable, Iterator

from bot.messages.parts import CODE, QUOTES, Span

INLINE = ("bold", "italic", "underline", "strikethrough")


def nested(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans as https://core.telegram.org/bots/api#messageentity lets them be nested.

    Code stands alone, also in a link; quotations and links do not hold their like.
    """
    ordered = sorted(spans, key=lambda span: (span.start, -span.end))
    links = _apart(span for span in ordered if span.kind == "text_link")
    code = [
        span
        for span in _apart(span for span in ordered if span.kind in CODE)
        if not any(_overlap(span, link) for link in links)
    ]
    yield from links
    yield from code
    yield from _apart(span for span in ordered if span.kind in QUOTES)
    for kind in INLINE:
        for span in _apart(span for span in ordered if span.kind == kind):
            yield from _without(span, code)


def _apart(ordered: Iterable[Span]) -> list[Span]:
    """The spans that do not begin inside an earlier one."""
    kept: list[Span] = []
    for span in ordered:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _without(span: Span, holes: Iterable[Span]) -> Iterator[Span]:
    """What is left of a span around the holes."""
    start = span.start
    for hole in holes:
        if _overlap(span, hole):
            if start < hole.start:
                yield Span(span.kind, start, hole.start)
            start = max(start, hole.end)
    if start < span.end:
        yield Span(span.kind, start, span.end)


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
