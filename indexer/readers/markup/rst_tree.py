"""reStructuredText as docutils parses it, with what Sphinx adds read as text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles

_SETTINGS = {
    "_disable_config": True, "file_insertion_enabled": False, "raw_enabled": False,
    "report_level": 3, "halt_level": 5, "warning_stream": False, "line_length_limit": 1 << 30,
    "syntax_highlight": "none", "strip_comments": True,
}  # fmt: skip
_LEFT_OUT = frozenset((
    "contents", "toctree", "sectnum", "index", "include", "literalinclude", "raw", "meta", "title",
    "highlight", "tabularcolumns", "module", "currentmodule", "py:module", "py:currentmodule",
))  # fmt: skip
_CODE = frozenset((
    "code-block", "sourcecode", "prompt", "doctest", "testcode", "testoutput", "productionlist",
    "graphviz", "digraph", "mermaid", "plantuml", "uml",
))  # fmt: skip
# What stands before the argument of a directive; of "only" it is no text.
_LEADS = {
    "versionadded": "New in version ", "versionchanged": "Changed in version ",
    "deprecated": "Deprecated since version ", "only": None, "ifconfig": None,
}  # fmt: skip
_ANY = defaultdict(lambda: directives.unchanged, {"class": directives.unchanged})  # option
_TARGET = re.compile(r"\s*<[^<>]*>$")
_find_directive, _find_role = directives.directive, roles.role


def parse(text: str) -> Any:
    """The tree of the document; no file that it names is opened."""
    directives.directive, roles.role = _directive, _role
    try:
        tree = publish_doctree(text, settings_overrides=_SETTINGS)
    finally:
        directives.directive, roles.role = _find_directive, _find_role
    for node in list(tree.findall(nodes.problematic)):
        node.parent.replace(node, nodes.Text(node.astext().strip("`_|*")))
    return tree


def _directive(name: str, language: Any, document: Any) -> tuple[type[Directive], list[Any]]:
    if name in _LEFT_OUT:
        return _LeftOut, []
    if name in _CODE:
        return _Code, []
    found, messages = _find_directive(name, language, document)
    return (found, messages) if found else (_Other, [])


def _role(name: str, language: Any, line: int, reporter: Any) -> tuple[Callable[..., Any], Any]:
    found, messages = _find_role(name, language, line, reporter)
    return (found, messages) if found else (_text_of_role, [])


def _text_of_role(_name: str, _source: str, text: str, *_: Any, **__: Any) -> tuple[Any, Any]:
    """The text of a cross-reference: "x" of "x <y>", "name" of "~module.name"."""
    shown = _TARGET.sub("", nodes.unescape(text)) or text
    if shown.startswith("~"):
        shown = shown.rpartition(".")[2].lstrip("~")
    return [nodes.inline("", shown.removeprefix("!"))], []


class _Other(Directive):  # type: ignore[misc]
    """A directive of Sphinx or of an extension: its argument and its content."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _ANY

    def run(self) -> list[Any]:
        """As paragraphs."""
        found = nodes.container()
        lead = _LEADS.get(self.name, "")
        if self.arguments and lead is not None:
            text, _ = self.state.inline_text(lead + self.arguments[0], self.lineno)
            found += nodes.paragraph("", "", *text)
        self.state.nested_parse(self.content, self.content_offset, found)
        return [found]


class _Code(_Other):
    def run(self) -> list[Any]:
        """As it stands."""
        return [nodes.literal_block("", "\n".join(self.content))]


class _LeftOut(_Other):
    def run(self) -> list[Any]:
        """Nothing."""
        return []
