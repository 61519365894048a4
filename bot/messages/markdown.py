"""A model's Markdown as text and spans: nothing lost, nothing that Telegram would refuse."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from itertools import takewhile

from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from bot.messages.addresses import may_be_masked, neutralized
from bot.messages.grammar import line_of, tokens_of
from bot.messages.parts import Span
from bot.messages.spans import nested

LINE_ENDS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
# What is not seen: marks without a width, orders about the direction of writing, tags except
# those of a flag, and joiners except between letters of scripts that need them and in emoji.
JOINED = "[\u0590-\u1fff\u2190-\U0010ffff]"
UNSEEN = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e007a]+\U000e007f)"
    "|[\xad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|[\U000e0000-\U000e007f]"
    f"|(?<!{JOINED})[\u200c\u200d]+|[\u200c\u200d]+(?!{JOINED})"
)
FORMATS = {"em": "italic", "strong": "bold", "s": "strikethrough"}
LANGUAGE = re.compile(r"[A-Za-z][A-Za-z0-9+#._-]{0,29}")
TASK = re.compile(r"\[([ xX])\](?=\s)\s*")
RULE = "————————"


def clean(text: str) -> str:
    """The text as a message can hold it: no lone surrogates, control or invisible characters.

    Telegram makes one space of a tab; here it is as many as code needs.
    """
    text = LINE_ENDS.sub("\n", text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    shown = (char for char in text if char in "\n\t" or unicodedata.category(char) != "Cc")
    return UNSEEN.sub(r"\1", "".join(shown)).expandtabs(4)


def parse(markdown: str, hosts: Collection[str] = ()) -> tuple[str, list[Span]]:
    """The text to show and its spans.

    Links hide their address only for pages of these hosts; all others are spelled out. What
    Telegram would make active by itself becomes code. Raises ValueError for what is nested too
    deep to be shown.
    """
    page = _Page(hosts, markdown.split("\n"))
    page.blocks(tokens_of(markdown))
    return page.text, list(nested([*page.spans, *neutralized(page.text, page.spans)]))


class _Page:
    """Text and spans, as they are written block by block."""

    def __init__(self, hosts: Collection[str] = (), lines: Sequence[str] = ()) -> None:
        self.text = ""
        self.spans: list[Span] = []
        self._hosts = hosts
        self._lines = lines
        self._depth = 0  # of lists
        self._items = 0  # that are open
        self._at_bullet = False
        self._quotes: list[int | None] = []  # where the open ones begin, as soon as they do

    def blocks(self, tokens: Iterable[Token]) -> None:
        following, before = iter(tokens), ""
        for token in following:
            kind = token.type
            if kind == "inline":
                self._paragraph(token, before)
            elif kind in ("fence", "code_block"):
                self._code(token)
            elif kind == "hr":
                self._begin(token)
                self.text += RULE
            elif kind == "table_open":
                self._begin(token)
                self._table(takewhile(lambda one: one.type != "table_close", following))
            elif kind == "list_item_open":
                self._item(token, first=before.endswith("list_open"))
            elif kind == "list_item_close":
                self._items -= 1
                self._at_bullet = False
            elif kind == "blockquote_open":
                self._quotes.append(None)
            elif kind == "blockquote_close":
                self._mark("blockquote", self._quotes.pop())
            elif kind.endswith(("list_open", "list_close")):
                self._depth += token.nesting
            before = kind if kind != "heading_open" else token.tag

    def inline(self, tokens: Iterable[Token]) -> None:
        """Write what stands inside a paragraph, a heading or a cell."""
        opened: list[tuple[Token, int]] = []
        for token in tokens:
            start = len(self.text)
            if token.nesting == 1:
                opened.append((token, start))
            elif token.type == "link_close":
                self._link(*opened.pop())
            elif token.nesting == -1:
                self._mark(FORMATS[token.tag], opened.pop()[1])
            elif token.type == "image":
                self.inline(token.children or [])
                self._target(token, start)
            else:
                self.text += "\n" if token.type in ("softbreak", "hardbreak") else token.content
                if token.type == "code_inline":
                    self._mark("code", start)

    def _mark(self, kind: str, start: int | None, url: str = "", language: str = "") -> None:
        """Format what was written since then."""
        if start is not None and start < len(self.text):
            self.spans.append(Span(kind, start, len(self.text), url or None, language or None))

    def _link(self, token: Token, start: int) -> None:
        url = str(token.attrs["href"])
        if may_be_masked(self.text[start:], url, self._hosts):
            self._mark("text_link", start, url)
        else:
            self._target(token, start)

    def _target(self, token: Token, start: int) -> None:
        """Spell out where a label leads, unless it says so itself."""
        target = token.meta["target"]
        if target and target != token.meta["label"]:
            self.text += f"{' ' if start < len(self.text) else ''}({target})"

    def _begin(self, token: Token, together: bool = False) -> None:
        """Begin a block, apart from the one before it where it is so in the source."""
        if self.text and not self._at_bullet:
            assert token.map
            blank = token.map[0] and not self._lines[token.map[0] - 1].strip(" >")
            self.text += "\n\n" if blank and not self._items and not together else "\n"
        self._at_bullet = False
        self._quotes = [len(self.text) if at is None else at for at in self._quotes]

    def _item(self, token: Token, first: bool) -> None:
        margin = "" if self._at_bullet else "  " * (self._depth - 1)
        self._begin(token, together=not first)
        self.text += f"{margin}{token.info}{token.markup} " if token.info else f"{margin}• "
        self._items += 1
        self._at_bullet = True

    def _paragraph(self, token: Token, tag: str) -> None:
        children = token.children or []
        task = TASK.match(token.content) if self._at_bullet and self.text.endswith("• ") else None
        if task:
            self.text = f"{self.text[:-2]}{'☐' if task[1] == ' ' else '✅'} "
            children[0].content = children[0].content.removeprefix(task[0])
        self._begin(token)
        start = len(self.text)
        self.inline(children)
        if tag.startswith("h"):
            self._mark("bold", start)
        if tag in ("h1", "h2"):
            self._mark("underline", start)

    def _code(self, token: Token) -> None:
        """What follows a fence and is no language, or has nothing below it, is code."""
        code, language = token.content.removesuffix("\n"), token.info.strip()
        if language and not (LANGUAGE.fullmatch(language) and code.strip()):
            code, language = f"{language}\n{code}".rstrip("\n"), ""
        if code:
            self._begin(token)
            start = len(self.text)
            self.text += code
            self._mark("pre", start, language=language)

    def _table(self, tokens: Iterable[Token]) -> None:
        """Columns of one width; cells beyond the last column are a part of it."""
        tokens = list(tokens)
        columns = sum(token.type == "th_open" for token in tokens)
        rows = [_cells(token.meta["line"], columns) for token in tokens if token.type == "tr_open"]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        rows.insert(1, ["-" * width for width in widths])
        start = len(self.text)
        self.text += "\n".join(
            ("-+-" if at == 1 else " | ").join(map(str.ljust, row, widths))
            for at, row in enumerate(rows)
        )
        self._mark("pre", start)


def _cells(line: str, columns: int) -> list[str]:
    cells = escapedSplit(line.strip())
    cells = cells[cells[0] == "" :]
    if cells and cells[-1] == "":
        cells.pop()
    cells = [*cells[: columns - 1], "|".join(cells[columns - 1 :])]
    return [_plain(cell.strip()) for cell in cells] + [""] * (columns - len(cells))


def _plain(cell: str) -> str:
    page = _Page()
    page.inline(line_of(cell))
    return page.text
