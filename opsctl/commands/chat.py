"""opsctl chat: a dialogue in the terminal."""

import asyncio
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.events import Done, Sources, Turn
from assistant.question.clean import is_russian
from core import settings
from core.errors import UsageError, UserError
from core.settings import Settings
from opsctl.commands.ask import AnswerLines
from opsctl.terminal import output
from opsctl.terminal.options import EngineName, JsonLines
from opsctl.terminal.sources import (
    list_sources,
    sections,
    show_end,
    show_sections,
    tell_words_alone,
)

if TYPE_CHECKING:
    from indexer.search.searcher import Found, Searcher

HELP = (
    "/new starts over · /sources shows the passages of the last answer, /full all of what it quotes"
    " · /exit, Ctrl-D: leave",
    "/new — начать заново · /sources — отрывки последнего ответа, /full — всё, из чего он цитирует"
    " · /exit, Ctrl-D — выйти",
)
STOPPED = "\nstopped", "\nостановлено"
NOTHING_QUOTED = "there is no answer with a quotation yet", "ответа с цитатой ещё не было"
NOTHING_ASKED = "no question has been asked yet", "вопросов ещё не было"
KEPT_LINES = 1000


def chat(engine: EngineName = None, json: JsonLines = False) -> None:
    """Ask in a dialogue; a short follow-up question is understood with the one before."""
    if sys.stdin is None:
        raise UsageError("chat needs a standard input to read questions from", 'opsctl ask "…"')
    from assistant.retrieve import make_searcher

    config = settings.load(engine=engine)
    dialogue = _Dialogue(make_searcher(config, tell_words_alone), config, json)
    history = config.state / "chat_history"
    if sys.stdin.isatty():
        output.note("\n".join(HELP))
        _recall(history)
    try:
        while dialogue.turn():
            pass
    finally:
        if sys.stdin.isatty():
            _remember(history)


class _Dialogue:
    def __init__(self, searcher: "Searcher", config: Settings, json: bool) -> None:
        self.json = json
        self.searcher = searcher
        self.config = config
        self.turns: list[Turn] = []
        self.found: Found | None = None
        self.last: Done | None = None
        self.russian = False  # as the last question

    def turn(self) -> bool:
        """Read a line and answer it; False when the dialogue is over."""
        try:
            line = input("> " if sys.stdin.isatty() else "").strip()
        except (EOFError, KeyboardInterrupt) as end:
            output.note("")  # what follows begins a line of its own
            if isinstance(end, KeyboardInterrupt):
                raise
            return False
        if line in ("/exit", "/quit"):
            return False
        if line == "/new":
            self.turns.clear()
        elif line == "/sources":
            self._show_sources()
        elif line == "/full":
            self._show_whole()
        elif line.startswith("/"):
            output.note(HELP[self.russian])
        elif line:
            self._ask(line)
        return True

    def _ask(self, question: str) -> None:
        self.russian = is_russian(question)
        try:
            asyncio.run(self._answer(question))
        except UserError as error:
            output.error(error.message, error.hint)
        except KeyboardInterrupt:
            output.note(STOPPED[self.russian])

    async def _answer(self, question: str) -> None:
        from assistant.answer import answer
        from assistant.engines import open_engine

        done = None
        async with open_engine(self.config) as engine:
            with AnswerLines(silent=self.json, russian=self.russian) as lines:
                async for event in answer(
                    question,
                    self.turns,
                    searcher=self.searcher,
                    engine=engine,
                    top_k=self.config.top_k,
                    contact=self.config.contact,
                ):
                    lines.show(event)
                    if isinstance(event, Sources):
                        self.found = event.found
                    elif isinstance(event, Done):
                        done = event
        assert done
        self._finish(question, done)

    def _finish(self, question: str, done: Done) -> None:
        self.last = done
        if self.json:
            output.write_json_line({"question": question, **asdict(done)})
        else:
            show_end(question, done, self.found, "/full")
        if done.found and not done.kind:
            self.turns.append(Turn(question, done.text))

    def _show_whole(self) -> None:
        if self.last and self.last.citations:
            show_sections(sections(self.last.citations, self.searcher), self.russian)
        else:
            output.note(NOTHING_QUOTED[self.russian])

    def _show_sources(self) -> None:
        if self.found:
            list_sources(self.found, self.russian)
        else:
            output.note(NOTHING_ASKED[self.russian])


def _recall(history: Path) -> None:
    import readline

    with suppress(OSError):
        readline.read_history_file(history)


def _remember(history: Path) -> None:
    import readline

    with suppress(OSError):
        readline.set_history_length(KEPT_LINES)
        readline.write_history_file(history)
