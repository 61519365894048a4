"""Folds an answer at the edge of the terminal, between words, while it is still coming."""

import re
from collections.abc import Callable

_WORDS = re.compile(r"\s*\S+|\s+")


class Folder:
    """Passes text on to `write`, with a line end where the next word would not fit.

    A word is held back until what follows shows that it is whole.
    """

    def __init__(self, write: Callable[[str], None], width: int) -> None:
        self._write = write
        self._width = width
        self._column = 0
        self._held = ""

    def add(self, text: str) -> None:
        """Take the next piece."""
        *whole, self._held = _WORDS.findall(self._held + text) or [""]
        self._put(whole)

    def end(self) -> None:
        """Pass on what is held back."""
        if self._held:
            self._put([self._held])
        self._held = ""

    def _put(self, words: list[str]) -> None:
        folded = []
        for word in words:
            lines, fits = word.rsplit("\n", 1), self._column + len(word) <= self._width
            if len(lines) == 2:
                self._column = len(lines[1])
            elif fits or not self._column:
                self._column += len(word)
            else:
                word = "\n" + word.lstrip(" ")
                self._column = len(word) - 1
            folded.append(word)
        if folded:
            self._write("".join(folded))
