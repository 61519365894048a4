"""Lines of a typeset page back to paragraphs."""

from __future__ import annotations

import re

WRAPPED = 0.75  # of the usual line length; from there a line ended because the paper did
MIN_WIDTH = 40  # characters; shorter lines everywhere are a table or verse

_HYPHENATED = re.compile(
    r"(?<=[a-zа-яё])(?:-|\u2010|\xad)[ \t]*\n[ \t]*(?=[a-zа-яё])(?!(?:либо|нибудь|таки)\b)"
)
_SOFT = re.compile(r"\xad[ \t]*\n?[ \t]*")
MARKER = r"(?:[-–—•▪◦‣●○■□*·\uf0b7\uf0a7]|\(?(?:\d{1,3}|[A-Za-zА-яЁё])[.)]|\d+(?:\.\d+)+\.?)"
ITEM = re.compile(rf"{MARKER}\s")


def reflow(text: str) -> str:
    """Join hyphenated words and wrapped lines; keep blank lines, list items and short lines."""
    text = _SOFT.sub("", _HYPHENATED.sub("", text))
    lines = [line.rstrip() for line in text.split("\n")]
    width = _usual_width(lines)
    joined = lines[:1]
    previous = joined[0]
    for line in lines[1:]:
        if _goes_on(previous, line, width):
            joined[-1] += " " + line.lstrip()
        else:
            joined.append(line)
        previous = line
    return "\n".join(joined)


def _usual_width(lines: list[str]) -> int:
    """The length that nine lines of ten do not exceed."""
    lengths = sorted(len(line) for line in lines if line)
    return lengths[(len(lengths) - 1) * 9 // 10] if lengths else 0


def _goes_on(line: str, following: str, width: int) -> bool:
    """Whether a line was broken only because the paper ended."""
    start = following.lstrip()
    if width < MIN_WIDTH or not line or not start or ITEM.match(start):
        return False
    if line.endswith((".", "!", "?", ":", ";")) and not start[0].islower():
        return len(line) >= 0.9 * width and not line.endswith((":", ";"))
    return len(line) >= WRAPPED * width or (len(line) >= MIN_WIDTH and start[0].islower())
