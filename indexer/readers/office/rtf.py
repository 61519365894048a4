"""Rich Text: groups, control words and characters; what they make is put together beside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path

from indexer.readers.office.rtf_story import Format, Story
from indexer.readers.page import Kind, Page, Unreadable

MAX_MB = 200
DEEPEST = 2000  # groups

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+"
    r"|([^\\{}\r\n]+)|\\",
    re.DOTALL,
)
_SIGNS = {
    "line": "\n", "tab": "\t", "nestcell": "\t", "nestrow": "\n", "emdash": "—", "endash": "–",
    "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
    "emspace": " ", "enspace": " ", "qmspace": " ",
}  # fmt: skip
_ESCAPED = {"~": " ", "_": "-", "-": "", "{": "{", "}": "}", "\\": "\\"}
_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gbk", 136: "cp950", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251",
    222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
# Groups whose text is not of the document.
_SKIPPED = frozenset(
    (
        "colortbl", "pict", "themedata", "colorschememapping", "datastore", "listtable",
        "listoverridetable", "rsidtbl", "generator", "xmlnstbl", "nonshppict", "shprslt", "info",
        "fldinst", "sp", "objdata", "objclass", "xe", "tc", "rxe", "txe", "pn", "revtbl", "filetbl",
        "latentstyles", "atnid", "atndate", "atnref", "atrfstart", "atrfend", "atnparent",
        "panose", "pgdsctbl", "ftnsep", "ftnsepc", "aftnsep", "aftnsepc", "mmathPr", "falt",
        "private",
    )
)  # fmt: skip
# Those marked as unknown to old programs that are read all the same.
_KNOWN = frozenset(
    (
        "shpinst", "shptxt", "footnote", "annotation", "atnauthor", "listtext", "pntext", "ud",
        "nesttableprops", "cs", "ts", "txfieldtext", "hlinkbase", "do", "dptxbxtext",
    )
)  # fmt: skip
# Stories beside the text, and as what they are kept.
_ASIDE: dict[str, Kind] = {
    "footnote": "note", "annotation": "note", "shptxt": "paragraph", "dptxbxtext": "paragraph",
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "furniture"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "furniture"),
}  # fmt: skip
_LABELS = ("listtext", "pntext")


@dataclass
class _State:
    """What a group inherits and gives back at its end."""

    skip: bool = False
    hidden: bool = False
    into: str = ""  # "fonttbl", "stylesheet", "label", "author"; "" for text
    font: int = 0
    bytes_of_u: int = 1
    format: Format = Format()
    opens: str = ""  # the story that this group is


def read(path: Path) -> Iterator[Page]:
    """The sections of the document; its pages are those that end by hand."""
    size = path.stat().st_size / 1e6
    if size > MAX_MB:
        raise Unreadable(f"too large for RTF: {size:.0f} MB, the limit is {MAX_MB} MB")
    reader = _Reader(path.read_bytes().decode("latin-1"))
    return reader.pages()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._story = Story()
        self._state, self._groups = _State(), list[_State]()
        self._codepage, self._fonts = "cp1252", dict[int, str]()
        self._pending = bytearray()  # of characters of several bytes
        self._left_of_u = 0  # characters that old programs read in place of the one before
        self._starred = False
        self._style: tuple[int, int | None] = (0, None)  # that is declared
        self._name = ""

    def pages(self) -> Iterator[Page]:
        at = 0
        while found := _TOKEN.match(self._text, at):
            at = found.end()
            word, number, code, escaped, brace, plain = found.groups()
            if word == "bin":
                at += max(0, int(number or 0))
            elif word:
                self._word(word, None if number is None else int(number))
            elif code:
                self._byte(int(code, 16))
            elif brace:
                self._brace(brace)
            elif escaped:
                self._escaped(escaped)
            elif plain:
                self._plain(plain)
            if word in ("par", "row", "sect"):
                yield from self._story.take()
        self._flush()
        yield from self._story.take(last=True)

    def _brace(self, brace: str) -> None:
        self._flush()
        self._left_of_u, self._starred = 0, False
        if brace == "{":
            if len(self._groups) >= DEEPEST:
                raise ValueError("groups too deep")
            self._groups.append(self._state)
            self._state = copy(self._state)
            self._state.opens = ""
        elif self._groups:
            if self._state.opens:
                self._story.close()
            self._state = self._groups.pop()

    def _escaped(self, sign: str) -> None:
        if sign == "*":
            self._starred = True
        elif sign in "\r\n":
            self._word("par", None)
        else:
            self._plain(_ESCAPED.get(sign, ""))

    def _plain(self, text: str) -> None:
        if self._left_of_u:
            done = min(self._left_of_u, len(text))
            self._left_of_u -= done
            text = text[done:]
        if text.isascii():
            self._flush()
            self._put(text)
        else:
            self._pending += text.encode("latin-1", "ignore")

    def _byte(self, value: int) -> None:
        if self._left_of_u:
            self._left_of_u -= 1
        else:
            self._pending.append(value)

    def _flush(self) -> None:
        if self._pending:
            text = self._pending.decode(
                self._fonts.get(self._state.font, self._codepage), "replace"
            )
            self._pending.clear()
            self._put(text)

    def _put(self, text: str) -> None:
        state = self._state
        if state.skip or state.hidden or not text:
            return
        if state.into == "stylesheet":
            self._name += text
            if text.endswith(";"):
                self._story.declare(self._name.rstrip(";"), *self._style)
                self._name, self._style = "", (0, None)
        elif state.into != "fonttbl":
            self._story.put(text, state.into, bold=state.format.bold)

    def _word(self, word: str, number: int | None) -> None:
        self._flush()
        state, starred = self._state, self._starred
        self._starred = False
        if self._left_of_u and word != "u":
            self._left_of_u -= 1
        if word in _SKIPPED or (starred and word not in _KNOWN):
            state.skip = True
        elif state.skip:
            return
        elif word == "u":
            self._left_of_u = state.bytes_of_u
            self._put(chr((number or 0) % 0x10000))
        elif word in _SIGNS:
            self._put(_SIGNS[word])
        elif word in _ASIDE and not state.into:
            self._story.open(_ASIDE[word])
            state.opens, state.format = word, Format()
        elif word in _LABELS or word == "atnauthor":
            state.into = "author" if word == "atnauthor" else "label"
        elif word in ("fonttbl", "stylesheet"):
            state.into = word
        elif state.into in ("", "stylesheet"):
            self._formats(word, number)
        self._characters(word, number)

    def _characters(self, word: str, number: int | None) -> None:
        """How bytes are to be read."""
        match word:
            case "ansicpg" if number and _is_known(f"cp{number}"):
                self._codepage = f"cp{number}"
            case "mac" | "pc" | "pca":
                self._codepage = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
            case "f":
                self._state.font = number or 0
            case "fcharset" if self._state.into == "fonttbl" and number in _CHARSETS:
                self._fonts[self._state.font] = _CHARSETS[number]
            case "uc":
                self._state.bytes_of_u = max(0, min(number or 0, 9))

    def _formats(self, word: str, number: int | None) -> None:
        """What a paragraph and its letters look like, and where they end."""
        state, on = self._state, number != 0
        if state.into == "stylesheet":
            if word == "s":
                self._style = number or 0, self._style[1]
            elif word == "outlinelevel":
                self._style = self._style[0], number
            return
        match word:
            case "v" | "deleted":
                state.hidden = on
            case "b":
                state.format = state.format.but(bold=on)
            case "plain":
                state.hidden, state.format = False, state.format.but(bold=False)
            case "pard":
                state.format = Format(bold=state.format.bold)
            case "s":
                state.format = state.format.but(style=number or 0)
            case "outlinelevel":
                state.format = state.format.but(outline=number)
            case "ilvl":
                state.format = state.format.but(depth=number or 0)
            case "intbl":
                state.format = state.format.but(in_table=True)
            case _:
                self._story.ends(word, number, state.format)


def _is_known(codepage: str) -> bool:
    try:
        b"x".decode(codepage)
    except LookupError:
        return False
    return True
