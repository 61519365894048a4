"""Manual pages, in the macros man and mdoc of roff."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from indexer.readers import text as plain_text
from indexer.readers.markup.lines import Markup, escaped, text_of
from indexer.readers.page import Page

_IS_ROFF = re.compile(r"^[.'] *(?:TH|SH|Dd|Dt|Sh|so)\b", re.MULTILINE)
_NAMED = {
    "em": "—", "en": "–", "hy": "-", "mi": "-", "bu": "•", "co": "©", "rg": "®", "tm": "™",
    "aq": "'", "dq": '"', "lq": "“", "rq": "”", "oq": "‘", "cq": "’", "Fo": "«", "Fc": "»",
    "ha": "^", "ti": "~", "rs": "\\", "ga": "`", "ul": "_", "rh": "→", "->": "→", "<-": "←",
    "<=": "≤", ">=": "≥", "mu": "×", "pl": "+", "lB": "[", "rB": "]", "lC": "{", "rC": "}",
    "bv": "|", "ba": "|", "sq": "□", "de": "°", "sc": "§", "sh": "#", "at": "@",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:f(?:\[[^\]]*\]|\(..|.)|s[-+]?(?:\d+|\[[^\]]*\])|[mMFkn](?:\[[^\]]*\]|\(..|.)"
    r"|[hvwlLbZ]'[^']*'|\[(?P<long>[^\]]*)\]|\((?P<two>..)|\*(?:\[(?P<string>[^\]]*)\]|\((?P<two_s>..)|.)"
    r"|(?P<one>.))"
)
_ONE = {"-": "-", "e": "\\", "~": " ", " ": " ", "0": " ", "'": "'", "`": "`", "t": "\t", ".": "."}
_STRINGS = {"R": "®", "Tm": "™", "lq": "“", "rq": "”"}
_SAYING = frozenset(("B", "I", "SM", "SB", "R", "UR", "MT"))
_ALTERNATING = frozenset(("BR", "RB", "BI", "IB", "RI", "IR", "OP"))
_PARAGRAPHS = frozenset(("PP", "P", "LP", "Pp", "HP", "sp", "Bl", "El"))
_SKIPPED = frozenset((
    "ad", "hy", "nh", "na", "ne", "in", "ti", "ta", "ft", "de", "ds", "nr", "ie", "el", "if", "so",
    "tr", "mk", "PD", "UE", "ME", "Os", "Dd", "br", "ig", "rm", "fam", "ps", "vs", "ll", "Ed", "bp",
    "Ek", "Bk", "AT", "UC", "DT", "ftr", "nop", "als", "ns", "ne", "ev", "ss", "cs", "ec",
))  # fmt: skip
_NUMBER = re.compile(r"\(?(\d{1,4})[.)]")
_MDOC_MARKS = {"Fl": "-", "Op": "[", "Cm": "", "Ar": "", "Pa": "", "Xr": "", "Nm": "", "Li": ""}
_MDOC = frozenset((
    *_MDOC_MARKS, "Em", "Sy", "Dq", "Sq", "Qq", "Ql", "Pq", "Va", "Vt", "Fn", "Fa", "Ft", "Ic",
    "Ev", "Er", "Ad", "An", "Aq", "Bq", "Brq", "Dv", "Do", "Dc", "Oo", "Oc", "Ns", "No", "Ux",
    "Bx", "Fx", "St", "Tn", "Lk", "Mt", "Ms", "Sx", "Nd", "In", "Ap",
))  # fmt: skip


def read(path: Path) -> Iterator[Page]:
    """The sections under their headings, below the name of the page; app.log.1 is plain text."""
    text = text_of(path, "a manual page")
    if not _IS_ROFF.search(text):
        yield from plain_text.read(path)
        return
    yield from _Man().pages(text.replace("\\\n", "").split("\n"))


class _Man:
    def __init__(self) -> None:
        self._made = Markup()
        self._term: list[str] | None = None  # of a paragraph with a tag, that comes on a line
        self._code: list[str] | None = None  # lines that are kept as they are
        self._depth = 1  # of a list that begins here

    def pages(self, lines: list[str]) -> Iterator[Page]:
        rest = iter(lines)
        for line in rest:
            self._line(line, rest)
        self._end_code()
        yield from self._made.pages()

    def _line(self, line: str, rest: Iterator[str]) -> None:
        if line.startswith((".", "'")):
            name, _, values = line[1:].strip().partition(" ")
            if not name.startswith('\\"'):
                self._macro(name, _arguments(values), rest)
        elif self._code is not None:
            self._code.append(_plain(line))
        elif not line.strip():
            self._made.blank()
        else:
            self._text(_plain(line))

    def _macro(self, name: str, values: list[str], rest: Iterator[str]) -> None:
        if name in ("TH", "Dt"):
            title, section = map(_plain, [*values, "", ""][:2])
            self._made.heading(0, escaped(f"{title}({section})" if section else title))
        elif name in ("SH", "Sh", "SS", "Ss"):
            self._end_code()
            text = " ".join(map(_plain, values)) or _plain(next(rest, ""))
            self._made.heading(1 if name[1] in "Hh" else 2, escaped(text))
        elif name in ("nf", "EX", "Bd"):
            self._end_code()
            self._code = []
        elif name in ("fi", "EE", "Ed"):
            self._end_code()
        elif name == "TS":
            self._table(rest)
        elif name in ("TP", "TQ"):
            self._term = []
        elif name in ("IP", "It"):
            self._tagged(name, values)
        elif name in ("RS", "RE"):
            self._depth = max(self._depth + (1 if name == "RS" else -1), 1)
        elif name in _PARAGRAPHS:
            self._made.blank()
        elif name in ("de", "ig"):
            for line in rest:
                if line.startswith(".."):
                    break
        else:
            self._said(name, values)

    def _said(self, name: str, values: list[str]) -> None:
        """What a macro says, in a font or among words of mdoc; of an unknown one, its text."""
        text = " ".join(map(_plain, values))
        if name in _ALTERNATING:
            self._text("".join(map(_plain, values)))
        elif name in _MDOC:
            self._text(_mdoc([name, *values]))
        elif name in _SAYING or (text and name not in _SKIPPED):
            self._text(text)

    def _tagged(self, name: str, values: list[str]) -> None:
        values = values[:1] if name == "IP" else values
        tag = _mdoc(values)
        if number := _NUMBER.fullmatch(tag):
            self._made.item(self._depth, "", "ol", number[1])
        elif tag.strip("•-*o· ") and not tag.startswith("-width"):
            self._made.term(escaped(tag))
        else:
            self._made.item(self._depth, "")

    def _text(self, text: str) -> None:
        if self._code is not None:
            self._code.append(text)
        elif self._term is not None:
            self._term = None
            self._made.term(escaped(text))
        elif text.strip():
            self._made.line(escaped(text))

    def _end_code(self) -> None:
        if self._code:
            self._made.code("\n".join(self._code))
        self._code = None

    def _table(self, rest: Iterator[str]) -> None:
        """The rows of a table, behind the options and the forms of its columns."""
        lines = []
        for line in rest:
            if line.startswith(".TE"):
                break
            lines.append(line)
        tab = re.search(r"tab *\((.)\)", "\n".join(lines[:2]))
        forms = next((at for at, line in enumerate(lines) if line.rstrip().endswith(".")), -1)
        for cells in _rows(lines[forms + 1 :], tab[1] if tab else "\t"):
            if cells:
                self._made.row([escaped(_plain(cell)) for cell in cells])
            else:
                self._made.rule()


def _rows(lines: list[str], tab: str) -> Iterator[list[str]]:
    """The cells of each row, none for a rule; a cell between T{ and T} has lines of its own."""
    text = re.sub(
        r"T\{\n(.*?)\nT\}",
        lambda found: " ".join(map(_in_cell, found[1].split("\n"))).replace(tab, " "),
        "\n".join(lines), flags=re.DOTALL,
    )  # fmt: skip
    for line in text.split("\n"):
        if line.strip() in ("_", "="):
            yield []
        elif line.strip() and not line.startswith("."):
            yield line.split(tab)


def _in_cell(line: str) -> str:
    """What a line in a cell says, be it that of a macro."""
    if not line.startswith("."):
        return line
    name, _, values = line[1:].strip().partition(" ")
    return ("" if name in _ALTERNATING else " ").join(_arguments(values))


def _arguments(text: str) -> list[str]:
    text = text.partition(' \\"')[0].replace("\\ ", "\\~")
    try:
        lexer = shlex.shlex(text, posix=True)
        lexer.whitespace_split, lexer.escape, lexer.quotes, lexer.commenters = True, "", '"', ""
        return list(lexer)
    except ValueError:  # a quotation mark that is not closed
        return text.replace('"', "").split()


def _mdoc(values: list[str]) -> str:
    """The text of words among which macros of mdoc may be called."""
    said: list[str] = []
    for value in values:
        if value in _MDOC:
            mark = _MDOC_MARKS.get(value, "")
            said.append(said.pop() + mark if said[-1:] == ["["] else mark)
        elif said and said[-1].endswith(("-", "[")):
            said[-1] += _plain(value)
        else:
            said.append(_plain(value))
    return " ".join(filter(None, said)) + ("]" if values[:1] == ["Op"] else "")


def _plain(text: str) -> str:
    return _ESCAPE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    name = found["long"] or found["two"]
    if name:
        if re.fullmatch(r"u[0-9A-Fa-f]{4,6}", name) and int(name[1:], 16) < 0x110000:
            return chr(int(name[1:], 16))
        return _NAMED.get(name, "")
    if string := found["string"] or found["two_s"]:
        return _STRINGS.get(string, "")
    return _ONE.get(found["one"] or "", "")
