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


def is_title(line: str) -> bool:
    """Whether a line is the title of a table of contents."""
    return _TITLE.fullmatch(line.strip("# ")) is not None


def settled(text: str, blocks: list[Block], goes_on: bool) -> Iterator[Block]:
    """The blocks; of those taken for contents, the ones that are none as rows.

    Contents name pages that do not fall, below a title ("Содержание") or before the very headings
    that they name; `goes_on`: they may go on from the page before.
    """
    named = _last_places(text, blocks)
    at = 0
    for kind, group in groupby(blocks, lambda block: block.kind):
        run = list(group)
        at += len(run)
        if kind == "contents":
            above = text[: run[0].start].rstrip().rpartition("\n")[2]
            goes_on = goes_on or is_title(above)
            goes_on = goes_on or _stand_below(text, run, named, at)
            goes_on = goes_on and _are_pages(text, run)
            yield from run if goes_on else (replace(block, kind="row", level=0) for block in run)
        else:
            goes_on = goes_on and len(run) == 1
            yield from run


def _last_places(text: str, blocks: list[Block]) -> dict[str, int]:
    """Where what may be a heading stands last among the blocks; nothing where none need it."""
    if not any(block.kind == "contents" for block in blocks):
        return {}
    return {
        _plain(text[block.start : block.stop]): at
        for at, block in enumerate(blocks)
        if block.kind != "contents" and block.stop - block.start <= _LONGEST_TITLE
    }


def _are_pages(text: str, run: list[Block]) -> bool:
    found = [_LEADERS.search(text[block.start : block.stop]) for block in run]
    values = [match[1].rstrip() for match in found if match]
    if not all(value.isdecimal() for value in values):
        return False
    return all(int(first) <= int(second) for first, second in pairwise(values))


def _stand_below(text: str, run: list[Block], named: dict[str, int], at: int) -> bool:
    """Whether what these lines name stands further below, most of it."""
    below = sum(named.get(_plain(text[block.start : block.stop]), 0) >= at for block in run)
    return len(run) >= LEAST_LINES and 2 * below >= len(run)


def _plain(title: str) -> str:
    """A heading without its number, and without the leaders that follow it."""
    found = _LEADERS.search(title)
    title = " ".join((title[: found.start() + 1] if found else title).split()).casefold()
    return _NUMBER.sub("", title, count=1).rstrip(" .:")
