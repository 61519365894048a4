"""Text as a person may be shown it, and as they have typed it."""

import os


def printable(text: str) -> str:
    """Control characters, which a terminal would obey, are spelled out."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def counted(number: int, one: str, many: str = "") -> str:
    """The number with its noun: 1 file, 3 files; `many` where that is not `one` with an s."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def shortened(text: str, most: int) -> str:
    """Whole words of a text, with … where it goes on; one word that is longer is cut."""
    if len(text) <= most:
        return text
    kept = text[:most]
    return f"{(kept.rpartition(' ')[0] or kept).rstrip()} …"


def decoded(argument: str) -> str:
    """A command-line argument in UTF-8 that the locale (C, POSIX) could not read."""
    try:
        argument.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(argument).decode("utf-8", "replace")
    return argument


def page_numbers(page: int | None, last_page: int | None) -> str:
    """The number of a page, or the first and the last one of several: "4–5"."""
    return "–".join(str(number) for number in (page, last_page) if number is not None)
