"""Markdown as models mean it: CommonMark that leaves sums, paths, tags and definitions alone."""

import re
from collections.abc import Callable, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, table
from markdown_it.rules_inline import StateInline, emphasis, escape, image, link, strikethrough
from markdown_it.token import Token

Inline = Callable[[StateInline, bool], bool]
DEEPEST = 60  # of lists, quotations and the like: the parser drops what is deeper
# A word with a backslash that escapes nothing is a path: none of its backslashes escapes.
PATH = re.compile(r"\\\\|(?<![A-Za-z])[A-Za-z]:\\|\\(?:[0-9A-Za-z]|[^\x00-\x7f])")
DRIVE = re.compile(r"(?<![A-Za-z])[A-Za-z]:\\")
# Between dollars there is a formula where there is a LaTeX command.
FORMULA = re.compile(
    r"\\\((?:(?!\n\n).){1,500}?\\\)|\\\[(?:(?!\n\n).){1,500}?\\\]"
    r"|(\$\$?)(?=[^$]*\\[A-Za-z])(?:(?!\n\n)[^$]){1,500}\1",
    re.DOTALL,
)
MORE_THAN = re.compile(r">[\d=]")
NAME = re.compile(r"[A-Za-z0-9_.]+")  # such as __init__
ADDRESS = re.compile(
    r"(?i)<(?P<bare>https?://[^<>\x00-\x20]*|[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*)>"
)
URI = re.compile(r"(?i)(?P<bare><[a-z][a-z0-9+.-]{1,31}:[^<>\x00-\x20]*>)")
WORD = re.compile(r"\S+")
CLOSING = tuple(".,;:!?)]}/")


def tokens_of(markdown: str) -> list[Token]:
    """The blocks, with what is written inside them as `children`.

    A link's or image's `meta` has its label and target as written, a table row's its line.
    Raises ValueError where not all of the text would be there.
    """
    tokens = _parser().parse(markdown)
    if max((token.level for token in tokens), default=0) >= DEEPEST - 1:
        raise ValueError("nested too deep")
    for token in tokens:
        _spell_out_names(token.children or [])
    return tokens


def line_of(markdown: str) -> Sequence[Token]:
    """What is written in one line, without blocks."""
    children = _parser().parseInline(markdown)[0].children or []
    _spell_out_names(children)
    return children


class _Markdown(MarkdownIt):
    """Takes every address and changes none."""

    def validateLink(self, url: str) -> bool:
        return True

    def normalizeLink(self, url: str) -> str:
        return url

    def normalizeLinkText(self, link: str) -> str:
        return link


@cache
def _parser() -> MarkdownIt:
    markdown = _Markdown("commonmark", {"html": False, "maxNesting": DEEPEST})
    markdown.enable(["table", "strikethrough"]).disable("reference")
    inline, block = markdown.inline.ruler, markdown.block.ruler
    inline.before("escape", "formula", _formula)
    inline.at("escape", _escape)
    inline.at("emphasis", _not_in_words(emphasis.tokenize))
    inline.at("strikethrough", _not_in_words(strikethrough.tokenize))
    inline.at("link", _as_written(link))
    inline.at("image", _as_written(image))
    inline.at("autolink", _address)
    before = ["paragraph", "reference", "blockquote", "list"]
    block.at("blockquote", _quotation, {"alt": before})
    block.at("table", _table, {"alt": before[:2]})
    block.before("fence", "formula", _display)
    return markdown


def _formula(state: StateInline, silent: bool) -> bool:
    """A formula is shown as it is."""
    found = FORMULA.match(state.src, state.pos, state.posMax)
    if found is None or DRIVE.search(found[0]):
        return False
    if not silent:
        state.pending += found[0]
    state.pos = found.end()
    return True


def _display(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula that begins a line holds no list, whatever its other lines look like."""
    at = state.bMarks[start] + state.tShift[start]
    found = FORMULA.match(state.src, at, state.eMarks[end - 1])
    if found is None or "\n" not in found[0] or state.is_code_block(start):
        return False
    state.line = start + found[0].count("\n") + 1
    place = [start, state.line]
    state.push("paragraph_open", "p", 1).map = place
    text = state.push("inline", "", 0)
    text.content = state.getLines(start, state.line, state.blkIndent, False).strip()
    text.map, text.children = place, []
    state.push("paragraph_close", "p", -1)
    return True


def _quotation(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """ ">5" and ">=5" quote nothing."""
    if MORE_THAN.match(state.src, state.bMarks[start] + state.tShift[start]):
        return False
    return blockquote(state, start, end, silent)


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The parser drops what has no column, so each row keeps its line."""
    known = len(state.tokens)
    if not table(state, start, end, silent):
        return False
    for token in state.tokens[known:]:
        if token.type == "tr_open" and token.map:
            line = token.map[0]
            begin = state.bMarks[line] + state.tShift[line]
            token.meta["line"] = state.src[begin : state.eMarks[line]]
    return True


def _escape(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "\\":
        return False
    start = 1 + max(state.src.rfind(space, 0, state.pos) for space in " \n")
    word = WORD.match(state.src, start)
    if word and PATH.search(word[0]):
        if not silent:
            state.pending += "\\"
        state.pos += 1
        return True
    return escape(state, silent)


def _address(state: StateInline, silent: bool) -> bool:
    """Of addresses in angle brackets only those of pages and people lose them."""
    found = ADDRESS.match(state.src, state.pos) or URI.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.pending += found["bare"]
    state.pos = found.end()
    return True


def _not_in_words(rule: Inline) -> Inline:
    """Stars and the like open and close nothing in words and sums: 5*3*2, *.txt, sum(*), a/*b*/."""

    def marks(state: StateInline, silent: bool) -> bool:
        start, known = state.pos, len(state.delimiters)
        if not rule(state, silent):
            return False
        alone = state.pos - start == 1
        before, after = state.src[:start][-1:], state.src[state.pos : state.pos + 1]
        opens = not (
            before.isalnum()
            or (before and before in "/\\=")
            or (alone and (before in tuple(")]}%") or after in CLOSING))
        )
        closes = not (after.isdecimal() or (alone and after.isalnum()))
        for one in state.delimiters[known:]:
            one.open, one.close = one.open and opens, one.close and closes
        return True

    return marks


def _as_written(rule: Inline) -> Inline:
    """Links and images with their label and target as they stand in the text."""

    def kept(state: StateInline, silent: bool) -> bool:
        start, known = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        if not silent:
            opened = next(one for one in state.tokens[known:] if one.type in ("link_open", "image"))
            begin = start + (opened.type == "image")
            end = state.md.helpers.parseLinkLabel(state, begin, opened.type == "link_open")
            opened.meta["label"] = state.src[begin + 1 : end]
            opened.meta["target"] = state.src[end + 2 : state.pos - 1].strip()
        return True

    return kept


def _spell_out_names(children: list[Token]) -> None:
    """Marks around what only looks like emphasis are text: __init__, **), x(**."""
    opened: list[int] = []
    for at, token in enumerate(children):
        _spell_out_names(token.children or [])
        if token.markup.strip("*_~") or not token.markup or token.nesting == 0:
            continue
        if token.nesting == 1:
            opened.append(at)
            continue
        begin = opened.pop()
        inner = "".join(one.content for one in children[begin + 1 : at])
        named = token.markup[0] == "_" and NAME.fullmatch(inner)
        if named or (inner.startswith(CLOSING) and not inner[-1:].isalnum()):
            for mark in (children[begin], token):
                mark.type, mark.nesting, mark.content = "text", 0, mark.markup
