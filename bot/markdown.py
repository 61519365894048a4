"""A model's Markdown as text and spans: nothing lost, nothing that Telegram would refuse."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

import pyromark
from telegramify_markdown import convert
from telegramify_markdown.config import RenderConfig
from telegramify_markdown.converter import STANDARD_OPTIONS

from bot.parts import CODE, Span, utf16_borders

THINKING = re.compile(r"\A\s*<think>.*?(</think>|\Z)", re.DOTALL)
# What the converter would take for a spoiler, a footnote or the definition of a link, and drop.
BARS = re.compile(rb"(?<!\\)\|\|+")
DEFINITION = re.compile(rb"(?<!\\)\[(?=\^)|(?m:^[ ]{0,3}\[(?=[^\]\n]+\]:))")
# Characters that stand for others while the converter is at work, and what they stand for.
HIDDEN = {"<": "\ue000", "&": "\ue001", "$": "\ue002", "|": "\ue003", "[": "\ue004"}
SHOWN = {ord(hidden): char for char, hidden in HIDDEN.items()}
LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
FENCE = re.compile(rb"(`+|~+) *")
COMMAND = re.compile(rb"\\[A-Za-z]")
INLINE = ("bold", "italic", "underline", "strikethrough")
QUOTES = ("blockquote", "expandable_blockquote")
Edit = tuple[int, int, bytes]


def _symbols() -> RenderConfig:
    config = RenderConfig.isolated()
    symbols = config.markdown_symbol
    symbols.heading_level_1 = symbols.heading_level_2 = ""
    symbols.heading_level_3 = symbols.heading_level_4 = ""
    symbols.task_uncompleted, symbols.unordered_list_item = "☐", "•"
    return config


SYMBOLS = _symbols()


def clean(text: str) -> str:
    """The text as a message can hold it: no lone surrogates or control characters.

    Telegram makes one space of a tab; here it is as many as code needs.
    """
    text = text.replace("\r\n", "\n").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    shown = (char for char in text if char in "\n\t" or unicodedata.category(char) != "Cc")
    return "".join(shown).expandtabs(4)


def without_thinking(text: str) -> str:
    """The text without the <think>…</think> at its beginning; what is not closed is thought."""
    return THINKING.sub("", text)


def parse(markdown: str) -> tuple[str, list[Span]]:
    """The text to show and its spans. Links other than http and https become plain text."""
    source = _protected(markdown.translate(dict.fromkeys(SHOWN, "\ufffd")))
    text, entities = convert(source, latex_escape=False, config=SYMBOLS)
    places = {unit: index for index, unit in enumerate(utf16_borders(text))}
    spans = [
        Span(
            entity.type,
            places[entity.offset],
            places[entity.offset + entity.length],
            entity.url and entity.url.translate(SHOWN),
            entity.language,
        )
        for entity in entities
    ]
    return text.translate(SHOWN), list(_nested(spans))


def _protected(markdown: str) -> str:
    """The Markdown with what the converter would drop hidden from it.

    What is text and what is a tag or code may depend on that, so it is read again until it stays.
    """
    while edits := _edits(markdown):
        markdown = _edited(markdown.encode(), edits)
    return markdown


def _edits(markdown: str) -> list[Edit]:
    """The next changes: of formulas that are none, or else of everything that would be dropped."""
    source = markdown.encode()
    events = [
        (event, (place["start"], place["end"]))
        for event, place in pyromark.events_with_range(markdown, options=STANDARD_OPTIONS)
    ]
    if dollars := [edit for event, place in events for edit in _dollars(event, place, source)]:
        return dollars
    tables = [place for event, place in events if _started(event, "Table")]
    return [
        *_surplus_cells(events, source),
        *(edit for event, place in events for edit in _html(event, place, source)),
        *(edit for event, place in events for edit in _fence(event, place, source)),
        *((found.start(), found.end(), _bars(found, tables)) for found in BARS.finditer(source)),
        *(
            (found.end() - 1, found.end(), _hidden(b"[", "["))
            for found in DEFINITION.finditer(source)
        ),
    ]


def _edited(source: bytes, edits: Iterable[Edit]) -> str:
    """The source with the edits made; of two that overlap, the first one only."""
    kept, last = [], 0
    for start, end, new in sorted(edits):
        if start >= last:
            kept += [source[last:start], new]
            last = end
    return b"".join([*kept, source[last:]]).decode()


def _started(event: Any, kind: str) -> bool:
    start = event.get("Start") if isinstance(event, dict) else None
    return isinstance(start, dict) and kind in start


def _hidden(piece: bytes, characters: str) -> bytes:
    """The piece with these characters out of the converter's sight."""
    return piece.decode().translate({ord(char): HIDDEN[char] for char in characters}).encode()


def _html(event: Any, place: tuple[int, int], source: bytes) -> Iterator[Edit]:
    """Tags are text here, not HTML."""
    if isinstance(event, dict) and event.keys() & {"Html", "InlineHtml"}:
        yield *place, _hidden(source[slice(*place)], "<&")


def _dollars(event: Any, place: tuple[int, int], source: bytes) -> Iterator[Edit]:
    """Dollars without a LaTeX command between them are no formula."""
    if not isinstance(event, dict) or not event.keys() & {"InlineMath", "DisplayMath"}:
        return
    piece = source[slice(*place)]
    if not COMMAND.search(piece):
        yield *place, _hidden(piece, "$")


def _fence(event: Any, place: tuple[int, int], source: bytes) -> Iterator[Edit]:
    """What follows a fence and is no language, or has no line below it, is code."""
    kind = event["Start"]["CodeBlock"] if _started(event, "CodeBlock") else None
    info = kind["Fenced"] if isinstance(kind, dict) else ""
    alone = b"\n" not in source[slice(*place)].rstrip()
    if info and (alone or not LANGUAGE.fullmatch(info)):
        fence = FENCE.match(source, place[0])
        assert fence
        yield fence.end(1), fence.end(), b"\n"


def _surplus_cells(events: Iterable[tuple[Any, tuple[int, int]]], source: bytes) -> Iterator[Edit]:
    """Cells beyond the table's last column become part of it."""
    end = 0
    for event, place in events:
        if event == {"End": "TableCell"}:
            end = place[1]
        elif event == {"End": "TableRow"}:
            rest = source[end : place[1]].rstrip().removesuffix(b"|")
            if b"|" in rest:
                yield end, end + len(rest), _hidden(rest, "|")


def _bars(found: re.Match[bytes], tables: Iterable[tuple[int, int]]) -> bytes:
    """Two bars are an empty cell in a table, and themselves elsewhere."""
    if any(start <= found.start() < end for start, end in tables):
        return b" ".join([b"|"] * len(found[0]))
    return _hidden(found[0], "|")


def _nested(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans as https://core.telegram.org/bots/api#messageentity lets them be nested.

    Code stands alone, also in a link; quotations and links do not hold their like.
    """
    ordered = sorted(spans, key=lambda span: (span.start, -span.end))
    links = _apart(span for span in ordered if span.kind == "text_link" and _allowed(span.url))
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


def _allowed(url: str | None) -> bool:
    return (url or "").lower().startswith(("http://", "https://"))
