"""What stands on pages, one after the other, made into pages of blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from indexer.readers.contents import is_title
from indexer.readers.layout.join import glued, split_rest
from indexer.readers.layout.parts import Part, Style
from indexer.readers.page import Page
from indexer.readers.plain import blocks_of
from indexer.readers.sections import Sections


@dataclass(slots=True)
class Content:
    """What stands on a page; `recognised` and `gap` as those of a Page."""

    number: int | None
    parts: list[Part]
    asides: list[Part] = field(default_factory=list)  # notes, running headers and footers
    goes_over: bool = False  # its last sentence, to the next page
    recognised: int | None = None
    gap: str = ""

    @property
    def text(self) -> Part | None:
        """The last part, if it is one of sentences."""
        return self.parts[-1] if self.parts and self.parts[-1].kind is None else None

    def next_page(self, at: int) -> int | None:
        """The number of the page to which the part before this place goes over."""
        goes_over = self.goes_over and at == len(self.parts)
        return self.number + 1 if goes_over and self.number is not None else None


class Pages:
    """Makes pages of what stands on those of a document."""

    _style: Style

    def __init__(self, count: int) -> None:
        self._count = count
        self._sections = Sections()
        self._contents_go_on = False
        self._marks = dict[int | None, tuple[int | None, str]]()  # of pages, by their number

    def pages(self) -> Iterator[Page]:
        """The pages; the end of a sentence stands on the page where it begins."""
        before: Content | None = None
        for at in range(self._count):
            content = self._content(at)
            if before:
                self._move_rest(before, content)
                yield from self._written(before)
            before = content
        if before:
            yield from self._written(before)
        yield from self._taken(last=True)

    def _content(self, at: int) -> Content:
        raise NotImplementedError

    def _move_rest(self, before: Content, after: Content) -> None:
        """Bring the end of a sentence to the page where it begins, unless that empties its own."""
        last, first = before.text, after.parts[0] if after.parts else None
        if last is None or first is None or first.kind is not None:
            return
        rest, others = split_rest(last.text, first.text)
        if not rest or not (others or len(after.parts) > 1):
            return
        last.text = glued(last.text, rest, self._style.words)
        before.goes_over = True
        after.parts[0] = replace(first, text=others)

    def _written(self, content: Content) -> Iterator[Page]:
        sections, texts = self._sections, list[str]()
        sections.turn_to(content.number)
        for at, part in enumerate([*content.parts, *content.asides, Part("", "furniture")]):
            if part.kind is None:
                texts += filter(None, [part.text])
                continue
            self._write("\n\n".join(texts), content.next_page(at))
            texts = []
            if part.kind == "heading":
                sections.heading(part.level, part.text)
                self._contents_go_on = is_title(part.text)
            else:
                sections.add(part.text, part.kind, table=part.table)
        self._marks[content.number] = content.recognised, content.gap
        yield from self._taken()
        if not content.parts and not content.asides:
            yield Page("", content.number, gap=content.gap)

    def _write(self, text: str, last_page: int | None) -> None:
        blocks = blocks_of(text, contents_go_on=self._contents_go_on)
        if blocks:
            blocks = (*blocks[:-1], replace(blocks[-1], last_page=last_page))
            self._contents_go_on = any(block.kind == "contents" for block in blocks)
            self._sections.add_blocks(text, blocks)

    def _taken(self, *, last: bool = False) -> Iterator[Page]:
        for page in self._sections.take(last=last):
            recognised, gap = self._marks[page.number]
            yield replace(page, recognised=recognised, gap=gap)
