"""Lines with dot leaders: those of a table of contents, and those of a price list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, pairwise

from indexer.readers.page import Block

LEAST_LINES = 2

_LEADERS = re.compile(r"[^\s.][ \t]*(?:\.[ \t]?){5,}[ \t]*([^\s.].{0,29})$")
_TITLE = re.compile(r"(?:содержание|оглавление|(?:table of )?contents)[\s.:]*", re.IGNORECASE)
_NUMBER = re.compile(r"[\d.]+\s+")
_LONGEST_TITLE = 250


def has_leaders(line: str) -> bool:
    """Whether dots lead from a name to a value at the end of the line."""
    return ("..." in line or ". . ." in line) and bool(_LEADERS.search(line[-200:].rstrip()))


def settled(text: str, blocks: list[Block], goes_on: bool) -> Iterator[Block]:
    """The blocks; of those taken for contents, the ones that are none as rows.

    Contents name pages that do not fall, below a title ("Содержание") or before the very headings
    that they name; `goes_on`: they may go on from the page before.
    """
    at = 0
    for kind, group in groupby(blocks, lambda block: block.kind):
        run = list(group)
        at += len(run)
        if kind == "contents":
            above = text[: run[0].start].rstrip().rpartition("\n")[2]
            goes_on = goes_on or _TITLE.fullmatch(above.strip("# ")) is not None
            goes_on = _are_pages(text, run) and (goes_on or _name(text, run, blocks[at:]))
            yield from run if goes_on else (replace(block, kind="row", level=0) for block in run)
        else:
            goes_on = goes_on and len(run) == 1
            yield from run


def _are_pages(text: str, run: list[Block]) -> bool:
    found = [_LEADERS.search(text[block.start : block.stop]) for block in run]
    values = [match[1].rstrip() for match in found if match]
    if not all(value.isdecimal() for value in values):
        return False
    return all(int(first) <= int(second) for first, second in pairwise(values))


def _name(text: str, run: list[Block], after: list[Block]) -> bool:
    """Whether what these lines name stands further below, most of it."""
    if len(run) < LEAST_LINES:
        return False
    titles = {
        _plain(text[block.start : block.stop])
        for block in after
        if block.stop - block.start <= _LONGEST_TITLE
    }
    named = [_plain(text[block.start : block.stop]) for block in run]
    return 2 * sum(name in titles for name in named) >= len(named)


def _plain(title: str) -> str:
    """A heading without its number, and without the leaders that follow it."""
    found = _LEADERS.search(title)
    title = " ".join((title[: found.start() + 1] if found else title).split()).casefold()
    return _NUMBER.sub("", title, count=1).rstrip(" .:")
