"""The boxes that rich draws around a traceback: up to 800 lines of source and locals in one message
of TGI's log. What was raised stands below a box, wrapped at its 80 columns.

The source lines of a box hold the words of errors that did not happen.
"""

from collections.abc import Iterator
from itertools import groupby

from core.text import counted

EDGES = ("╭", "│", "╰")


def is_box(line: str) -> bool:
    """Tell whether a line belongs to a box."""
    return line.startswith(EDGES)


def unboxed(text: str) -> str:
    """A message without its boxes, and what was raised in one line each."""
    return "\n".join(_rows(text, ""))


def folded(text: str) -> str:
    """The same for the eye: where a box was, its size."""
    return "\n".join(_rows(text, "  ({} of traceback left out)"))


def _rows(text: str, stand_in: str) -> Iterator[str]:
    below = False
    for boxed, lines in groupby(text.split("\n"), is_box):
        if boxed:
            below = True
            if stand_in:
                yield stand_in.format(counted(sum(1 for _ in lines), "line"))
        elif below:
            yield from _joined(list(lines))
        else:
            yield from lines


def _joined(lines: list[str]) -> list[str]:
    """The lines up to a blank one as one: rich leaves the blank at which it breaks where there is
    room for it, and cuts a word that is longer than a line."""
    ends = lines.index("") if "" in lines else len(lines)
    cut = [line if line.endswith(" ") or " " not in line else f"{line} " for line in lines[:ends]]
    return ["".join(cut).rstrip(), *lines[ends:]]
