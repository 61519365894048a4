"""LaTeX by section, without its commands; formulas as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from indexer.readers.markup.latex_words import argument, plain
from indexer.readers.markup.lines import Markup, between, escaped, text_of
from indexer.readers.page import Page

_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%.*?(?:\n[ \t]*|\Z)")
_VERBATIM = re.compile(
    r"\\begin\{(verbatim\*?|lstlisting|minted|Verbatim|alltt|comment|tikzpicture|filecontents\*?)\}"
    r"(?:\[[^\]\n]*\]|\{[^{}\n]*\})*"
)
_CODE_LINE = re.compile(r"\\(?:verb|lstinline)\*?([^\w\s*{])(.*?)\1")
_NEW_COMMAND = re.compile(
    r"\\(?:re)?newcommand\*?\s*\{?\\([A-Za-z]+)\}?\s*(?=\{)|\\def\\([A-Za-z]+)(?=\{)"
)
_TOKEN = re.compile(
    r"\\(?P<edge>begin|end)\s*\{(?P<name>[^{}]*)\}"
    r"|\\(?P<level>part|chapter|section|subsection|subsubsection|paragraph|subparagraph"
    r"|frametitle|caption)\*?\s*(?:\[[^\]]*\])?\s*(?=\{)"
    r"|(?P<item>\\(?:item|bibitem\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}))(?![A-Za-z])\s*(?:\[(?P<term>[^\]]{0,500})\])?"
    r"|(?P<blank>\n[ \t]*\n\s*|\\par(?![A-Za-z]))"
)
_LEVELS = {
    "part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5,
    "subparagraph": 6, "frametitle": 2,
}  # fmt: skip
_LISTS = {"itemize": "ul", "enumerate": "ol", "description": "dl", "thebibliography": "ul"}
_TABLES = frozenset(("tabular", "tabular*", "tabularx", "longtable", "tabulary", "supertabular"))
_WITHOUT_TEXT = frozenset(("comment", "tikzpicture", "filecontents", "filecontents*"))
_RULES = re.compile(
    r"\\(?:hline|toprule|bottomrule|midrule|cmidrule|cline|endhead|endfirsthead|endfoot|endlastfoot"
    r"|noalign|tabularnewline)(?![A-Za-z])(?:\([^)]*\))?(?:\[[^\]]*\])?(?:\{[^{}]*\})?"
)
_BOX = re.compile(r"\\(?:begin|end)\{minipage\}(?:\[[^\]]*\])*(?:\{[^{}]*\})?")
_ROW_END = re.compile(r"(?:\\\\(?:\[[^\]]*\])?|\\tabularnewline(?![A-Za-z]))\*?")
_MANY = re.compile(r"\\multicolumn\s*\{(\d{1,2})\}\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_TOLD = ("title", "author", "date")
MOST_COMMANDS, EXPANDED = 200, 1_000_000  # commands, and characters that they may add


def read(path: Path) -> Iterator[Page]:
    """The sections under their headings."""
    yield from _Latex().pages(text_of(path, "LaTeX").replace("\r\n", "\n"))


class _Latex:
    def __init__(self) -> None:
        self._made = Markup()
        self._kept: list[str] = []  # code, that no command is looked for in
        self._lists: list[str] = []

    def pages(self, text: str) -> Iterator[Page]:
        text = between(text, _VERBATIM, lambda found: rf"\end{{{found[1]}}}", self._verbatim)
        text = _CODE_LINE.sub(lambda found: self._keep(found[2]), text)
        text = _COMMENT.sub(_uncommented, text)
        head, begins, body = text.partition(r"\begin{document}")
        if not begins:
            head, body = "", text
        body = _expanded(head, body.partition(r"\end{document}")[0])
        self._front(head, body)
        self._body(body)
        yield from self._made.pages()

    def _verbatim(self, begun: re.Match[str], code: str) -> str:
        if begun[1] in _WITHOUT_TEXT:
            return ""
        return f"\n\n\x01{self._keep(code.strip(chr(10)))}\x01\n\n"

    def _keep(self, code: str) -> str:
        self._kept.append(code)
        return f"\x02{len(self._kept) - 1}\x03"

    def _front(self, head: str, body: str) -> None:
        for name in _TOLD:
            where = re.search(rf"\\{name}\s*(?:\[[^\]]*\])?\s*(?=\{{)", head + body)
            value = self._plain(argument(head + body, where.end())[0]) if where else ""
            if value and name == "title":
                self._made.heading(0, value)
            elif value:
                self._made.line(f"{name.capitalize()}: {value}")
                self._made.blank()

    def _body(self, text: str) -> None:
        at = 0
        while token := _TOKEN.search(text, at):
            self._text(text[at : token.start()])
            at = token.end()
            if token["edge"] == "begin" and token["name"] in _TABLES:
                at = self._table(text, at, token["name"])
            elif token["edge"]:
                at = self._edge(token, text, at)
            elif token["level"]:
                title, at = argument(text, at)
                self._titled(token["level"], title)
            elif token["item"]:
                self._item(token["term"])
            else:
                self._made.blank()
        self._text(text[at:])

    def _edge(self, token: re.Match[str], text: str, at: int) -> int:
        """A begin or an end of what is no table; where the text goes on."""
        name = token["name"]
        if name in _LISTS and token["edge"] == "begin":
            self._lists.append(_LISTS[name])
        elif name in _LISTS:
            self._lists[-1:] = []
            if not self._lists:
                self._made.end()
        elif name not in ("document", "minipage"):
            self._made.blank()
        if token["edge"] == "end":
            return at
        options = re.compile(r"(?:\[[^\]\n]*\]|\{[^{}\n]*\})*").match(text, at)
        return options.end() if options else at

    def _titled(self, name: str, title: str) -> None:
        if name == "caption":
            self._made.blank()
            self._made.line(self._plain(title))
            self._made.blank()
        else:
            self._made.heading(_LEVELS[name], self._plain(title))

    def _item(self, term: str | None) -> None:
        tag = self._lists[-1] if self._lists else "ul"
        if tag == "dl":
            self._made.term(self._plain(term or ""))
        else:
            self._made.item(max(len(self._lists), 1), self._plain(term or ""), tag)

    def _text(self, text: str) -> None:
        for at, piece in enumerate(text.split("\x01")):
            if at % 2:
                self._made.code(self._kept[int(piece[1:-1])])
            elif (words := self._plain(piece)).strip():
                self._made.line(words)

    def _table(self, text: str, at: int, name: str) -> int:
        """The rows up to the end of a table, behind the forms of its columns."""
        end = text.find(rf"\end{{{name}}}", at)
        end = len(text) if end < 0 else end
        begun = at
        while found := re.compile(r"\s*(?:\[[^\]]*\]|(?=\{))").match(text, begun, end):
            begun = found.end()
            if text[begun : begun + 1] == "{":
                begun = argument(text, begun)[1]
            elif found.end() == found.start():
                break
        inside = _BOX.sub("", text[begun:end])
        if r"\endfirsthead" in inside:  # the header again, for further pages
            first, _, rest = inside.partition(r"\endfirsthead")
            inside = first + r"\endhead" + rest.partition(r"\endhead")[2]
        head, foot, rest = inside.partition(r"\endlastfoot")
        inside = head.partition(r"\endhead")[0] + r"\endhead" + rest if foot else inside
        self._rows(inside)
        return min(end + len(name) + 6, len(text))

    def _rows(self, inside: str) -> None:
        heads = re.search(r"\\(?:midrule|endhead)(?![A-Za-z])", inside)
        has_head = heads is not None
        while found := re.search(r"\\caption\s*(?=\{)", inside):
            title, after = argument(inside, found.end())
            self._titled("caption", title)
            inside = inside[: found.start()] + re.sub(r"^\s*\\\\", "", inside[after:])
        for row in _ROW_END.split(inside):
            if has_head and re.search(r"\\(?:midrule|endhead)(?![A-Za-z])", row):
                has_head = False
            cells = [self._plain(cell) for cell in _cells(_RULES.sub("", row))]
            if any(cell.strip() for cell in cells):
                self._made.row(cells, head=has_head)

    def _plain(self, text: str) -> str:
        return re.sub(
            "\x02(\\d+)\x03", lambda found: escaped(self._kept[int(found[1])]), escaped(plain(text))
        )


def _uncommented(found: re.Match[str]) -> str:
    """Nothing, but the blank line that may follow."""
    return found[1] + (
        "\n"
        if found.end() < len(found.string)
        and "\n" in found[0]
        and found.string[found.end()] == "\n"
        else ""
    )


def _cells(row: str) -> Iterator[str]:
    for cell in re.split(r"(?<!\\)&", row):
        many = _MANY.search(cell)
        yield _MANY.sub("", cell)
        yield from [""] * (int(many[1]) - 1 if many else 0)


def _expanded(head: str, body: str) -> str:
    """The text with the commands without arguments that its head defines."""
    known, most = {}, 2 * len(body) + EXPANDED
    for found in list(_NEW_COMMAND.finditer(head))[:MOST_COMMANDS]:
        known[found[1] or found[2]] = argument(head, found.end())[0]
    for name, value in known.items():
        if "#" not in value and len(value) < 200 and len(body) < most:
            body = re.sub(rf"\\{name}(?![A-Za-z])(?:\{{\}})?", value.replace("\\", r"\\"), body)
    return body
