"""What a model has written so far, and what of it people are shown."""

from assistant.events import Retracted, Token
from assistant.server.thinking import answer_of

EQUAL_LINES = 5  # one after the other: the model has lost its way


class Draft:
    """Grows with each piece of text; thinking and the marks of templates are never shown."""

    def __init__(self) -> None:
        self.written = ""
        self.shown = ""

    def add(self, text: str) -> list[Token | Retracted]:
        """The events that a piece of text makes."""
        self.written += text
        return self._show(answer_of(self.written, is_whole=False))

    def end(self) -> list[Token | Retracted]:
        """The events of what was held back."""
        return self._show(answer_of(self.written))

    @property
    def repeats(self) -> bool:
        """Tell whether the last lines are one and the same."""
        lines = self.shown.rpartition("\n")[0].split("\n")
        last = [line for line in map(str.strip, lines) if line][-EQUAL_LINES:]
        return len(last) == EQUAL_LINES and len(set(last)) == 1

    def _show(self, answer: str) -> list[Token | Retracted]:
        answer = answer.lstrip()  # Mistral's first token carries the blank before it
        before, self.shown = self.shown, answer
        if answer.startswith(before):
            return [Token(answer[len(before) :])] if len(answer) > len(before) else []
        return [Retracted(), Token(answer)] if answer else [Retracted()]
