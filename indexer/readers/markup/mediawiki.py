"""The markup of MediaWiki."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from indexer.readers.markup.lines import Markup, Rules, between, escaped, inline, text_of
from indexer.readers.page import Page

MOST_TEMPLATES = 50  # in each other

_COMMENT = re.compile("<!--")
_VERBATIM = re.compile(r"<(pre|nowiki|source|syntaxhighlight|math)\b[^<>]*(?<!/)>", re.IGNORECASE)
_NOTE = re.compile(r"<ref\b[^<>/]*>", re.IGNORECASE)
_EMPTY = re.compile(r"<(?:ref|references|br)\b[^>]*/?>|__[A-Z]+__", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\{([^{}]*)\}\}")
_HEADING = re.compile(r"(={1,6})\s*(.+?)\s*\1\s*$")
_ITEM = re.compile(r"([*#:;]+)\s*(.*)")
_ATTRIBUTES = re.compile(r"^(?:\s*[\w-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s|]+))+\s*\|(?!\|)")
_SPAN = re.compile(r"(col|row)span\s*=\s*[\"']?(\d{1,3})")
_WITHOUT_TEXT = re.compile(r"\[\[(?:category|категория|[a-z]{2,3}):[^\]]*\]\]", re.IGNORECASE)
_PICTURE = re.compile(
    r"\[\[(?:file|image|файл|изображение):[^\[\]|]*(?:\|([^\[\]]*))?\]\]", re.IGNORECASE
)
_INLINE: Rules = (
    (re.compile(r"'{2,5}"), ""),
    (re.compile(r"\[\[:?(?:[^\[\]|]*\|)?([^\[\]|]+)\|?\]\]"), r"\1"),
    (re.compile(r"\[(?:https?:|ftp:|mailto:|//)\S{1,500}\s+([^\]\n]{1,500})\]"), r"\1"),
    (re.compile(r"\[((?:https?:|ftp:|mailto:|//)\S{1,500})\]"), r"\1"),
)


def read(path: Path) -> Iterator[Page]:
    """The sections under their headings; of templates, the values that they are given."""
    yield from _Wiki().pages(text_of(path, "MediaWiki"))


class _Wiki:
    def __init__(self) -> None:
        self._made = Markup()
        self._kept: list[str] = []  # code, that nothing else is to be made of
        self._notes: list[str] = []

    def pages(self, text: str) -> Iterator[Page]:
        text = between(text.replace("\r\n", "\n"), _COMMENT, lambda _: "-->", lambda *_: "")
        text = between(text, _VERBATIM, lambda found: f"</{found[1]}>", self._keep)
        text = between(text, _NOTE, lambda _: "</ref>", self._note)
        text = _without_templates(_EMPTY.sub(" ", text))
        text = _WITHOUT_TEXT.sub("", _PICTURE.sub(_caption, text))
        rest = iter(text.split("\n"))
        for line in rest:
            self._line(line, rest)
        self._made.end()
        for number, note in enumerate(self._notes, 1):
            self._made.line(f"[{number}] {self._plain(_without_templates(note))}")
            self._made.blank()
        yield from self._made.pages()

    def _note(self, begun: re.Match[str], text: str) -> str:
        self._notes.append(text)
        return f" [{len(self._notes)}]"

    def _keep(self, begun: re.Match[str], text: str) -> str:
        if begun[1].lower() in ("nowiki", "math"):
            self._kept.append(escaped(text))
        else:
            self._kept.append(f"<pre>{escaped(text.strip(chr(10)))}</pre>")
        return f"\x01{len(self._kept) - 1}\x02"

    def _line(self, line: str, rest: Iterator[str]) -> None:
        made = self._made
        if heading := _HEADING.match(line):
            made.heading(len(heading[1]), self._plain(heading[2]))
        elif line.lstrip(" :").startswith("{|"):
            made.end()
            made.raw(self._table(rest, 1))
        elif line.startswith("----"):
            made.end()
        elif item := _ITEM.match(line):
            self._item(item[1], item[2])
        elif not line.strip():
            made.end()
        else:
            made.line(self._plain(line))

    def _item(self, marks: str, text: str) -> None:
        term, colon, meaning = text.partition(" : ")
        if marks[-1] == ";":
            self._made.term(self._plain(term), self._plain(meaning) if colon else "")
        elif marks == ":":
            self._made.line(self._plain(text))
        else:
            tag = "ol" if marks[-1] == "#" else "ul"
            self._made.item(len(marks), self._plain(text), tag)

    def _table(self, rest: Iterator[str], depth: int) -> str:
        """HTML of a table up to its end."""
        made = ["<table><tr>"]
        tag = "td"
        for line in rest:
            line = line.strip()
            if line.startswith("|}"):
                break
            if line.startswith("{|"):
                made.append(self._table(rest, depth + 1) if depth < 20 else "")
            elif line.startswith("|+"):
                made.append(f"<caption>{self._plain(_cell(line[2:])[1])}</caption>")
            elif line.startswith("|-"):
                made.append("</tr><tr>")
            elif line[:1] in ("|", "!"):
                tag = "th" if line[0] == "!" else "td"
                for cell in re.split(r"\|\||!!" if line[0] == "!" else r"\|\|", line[1:]):
                    spans, text = _cell(cell)
                    made.append(f"<{tag}{spans}>{self._plain(text)}")
            else:
                made.append(f"<br>{self._plain(line.lstrip('*#: '))}")
        return "".join([*made, "</tr></table>"])

    def _plain(self, text: str) -> str:
        text = inline(text.strip(), _INLINE)
        return re.sub("\x01(\\d+)\x02", lambda found: self._kept[int(found[1])], text)


def _cell(text: str) -> tuple[str, str]:
    """The spans of a cell and its text, without its other attributes."""
    found = _ATTRIBUTES.match(text)
    if not found:
        return "", text
    spans = "".join(f' {name}span="{count}"' for name, count in _SPAN.findall(found[0]))
    return spans, text[found.end() :]


def _caption(found: re.Match[str]) -> str:
    """Of a picture, the last of its parameters if that is a sentence."""
    said = (found[1] or "").rpartition("|")[2].strip()
    return said if " " in said else ""


def _without_templates(text: str) -> str:
    for _ in range(MOST_TEMPLATES):
        text, count = _TEMPLATE.subn(_values, text)
        if not count:
            break
    return text


def _values(found: re.Match[str]) -> str:
    """The values of a template with their names, each on a line; of one with one value, that."""
    # A bar inside of a link does not part two values.
    parts = re.split(r"\|(?![^\[\n]{0,500}\]\])", found[1])[1:]
    named = [part for part in parts if "=" in part]
    if not named:
        return parts[-1].strip() if parts else ""
    pairs = (part.partition("=") for part in named)
    lines = [f"{name.strip()}: {value.strip()}" for name, _, value in pairs if value.strip()]
    return "\n\n" + "\n\n".join(lines) + "\n\n"
