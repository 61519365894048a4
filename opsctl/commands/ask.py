"""opsctl ask: one question, one answer with its sources."""

import asyncio
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Self

import typer

from assistant.answer import check_question
from assistant.events import Done, Event, Retracted, Sources, Token, Writer
from assistant.question.clean import is_russian
from core import settings
from core.errors import UsageError
from core.settings import Settings
from core.text import decoded
from opsctl.terminal import output
from opsctl.terminal.folding import Folder
from opsctl.terminal.options import EngineName, Json
from opsctl.terminal.sources import (
    list_sources,
    say_whether,
    sections,
    show_end,
    show_sections,
    tell_words_alone,
    with_sections,
)

if TYPE_CHECKING:
    from assistant.events import Citation
    from assistant.quote import Choice
    from assistant.server.types import Message
    from indexer.search.searcher import Found

    _Section = tuple[Citation, str]

THOUGHT = (
    "[это были размышления модели, её ответ:]",
    "[that was the model's thinking; its answer:]",
)
_SOURCE = ("file", "page", "heading", "text", "score", "date", "recognised")


def ask(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUESTION...", help="The question; - or nothing: from a pipe."),
    ] = None,
    sources_only: Annotated[
        bool, typer.Option("--sources-only", help="Show the passages found, and no answer.")
    ] = False,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Show what a model would be sent.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Show the whole section or page of what is quoted.")
    ] = False,
    engine: EngineName = None,
    json: Json = False,
) -> None:
    """Answer a question from the documents, with file and page."""
    if sources_only and show_prompt:
        raise UsageError(
            "--sources-only and --show-prompt cannot be used together", "give one of them"
        )
    config = settings.load(engine=engine)
    question = check_question(_question(words or []))
    if sources_only:
        _show_sources(config, question, json)
    elif show_prompt:
        _show_prompt(config, question, json)
    else:
        asyncio.run(_answer(config, question, full, json))


async def _answer(config: Settings, question: str, full: bool, json: bool) -> None:
    from assistant.answer import answer
    from assistant.engines import open_engine
    from assistant.retrieve import make_searcher

    found = done = None
    searcher = make_searcher(config, tell_words_alone)
    async with open_engine(config) as engine:
        with AnswerLines(silent=json, russian=is_russian(question), whole=full) as lines:
            async for event in answer(
                question,
                searcher=searcher,
                engine=engine,
                top_k=config.top_k,
                contact=config.contact,
            ):
                lines.show(event)
                if isinstance(event, Sources):
                    found = event.found
                elif isinstance(event, Done):
                    done = event
            assert done
            russian = is_russian(done.searched or question)
            whole = sections(done.citations, searcher) if full else []
            answer_text, beside = with_sections(done.text, whole, russian)
            lines.replace(answer_text)
    if json:
        _write_json(question, done, found, whole if full else None)
    else:
        show_sections(beside, russian)
        named = {citation for citation, _ in beside}
        show_end(question, done, found, "" if full else "opsctl ask --full …", named)
    if done.cause:
        raise typer.Exit(1)


def _question(words: list[str]) -> str:
    """What was typed, with or without quotes, or what comes from a pipe."""
    if words not in ([], ["-"]):
        return decoded(" ".join(words))
    if sys.stdin is None or (not words and sys.stdin.isatty()):
        raise UsageError("there is no question", 'opsctl ask "…"')
    return sys.stdin.buffer.read().decode("utf-8", "replace")


class AnswerLines:
    """Prints an answer as it comes, folded between words; into a pipe only what is left of it."""

    def __init__(self, silent: bool = False, russian: bool = False, whole: bool = False) -> None:
        """`silent`: nothing is printed; `whole`: quotes wait, for they may be replaced."""
        self._silent, self._russian, self._whole = silent, russian, whole
        self._held: list[str] = []
        self._is_begun = self._waits = False
        self._folder = Folder(self._write, shutil.get_terminal_size().columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._folder.end()
        if self._held and not self._silent:
            self._write("".join(self._held))
        if self._is_begun:
            output.write("")

    def show(self, event: Event) -> None:
        """Print what an event adds; what is taken back stays on a terminal, and is named."""
        if isinstance(event, Writer):
            self._waits = self._whole and event.engine != "server"
        elif isinstance(event, Token):
            self._add(event.text)
        elif isinstance(event, Retracted):
            self._held.clear()
            if self._is_begun:
                self._folder.end()
                output.write("")
                output.note(THOUGHT[not self._russian])

    def replace(self, text: str) -> None:
        """Print this in place of what waits."""
        if self._held:
            self._held = [text]

    def _add(self, text: str) -> None:
        if not self._silent and not self._waits and sys.stdout.isatty():
            self._folder.add(text)
        else:
            self._held.append(text)

    def _write(self, text: str) -> None:
        self._is_begun = True
        output.write(text, end="")


def _write_json(
    question: str, done: Done, found: "Found | None", whole: "Sequence[_Section] | None"
) -> None:
    written = {"question": question, **_matched(found), **asdict(done)}
    if whole is not None:
        kept = ("file", "page", "heading")
        written["full"] = [
            {name: getattr(one, name) for name in kept} | {"text": text} for one, text in whole
        ]
    output.write_json(written)


def _matched(found: "Found | None") -> dict[str, float]:
    """How much of the question's words the best passage holds; `confidence` is its former name."""
    share = round(found.confidence, 3) if found else 0.0
    return {"matched_words": share, "confidence": share}


def _choice(config: Settings, question: str) -> "Choice":
    from assistant.question.split import essence
    from assistant.quote import choose
    from assistant.retrieve import make_searcher

    text = essence(question)
    return choose(text, make_searcher(config, tell_words_alone).search(text, config.top_k))


def _show_sources(config: Settings, question: str, json: bool) -> None:
    choice = _choice(config, question)
    found = choice.found
    if not json:
        list_sources(found, is_russian(question))
        say_whether(choice, is_russian(question))
        return
    output.write_json(
        {
            "question": question,
            "found": choice.is_sure,
            **_matched(found),
            "threshold": found.threshold,
            "sources": [{name: getattr(hit, name) for name in _SOURCE} for hit in found.hits],
        }
    )


def _show_prompt(config: Settings, question: str, json: bool) -> None:
    from assistant.prompt import build_messages, frames

    choice = _choice(config, question)
    messages = build_messages(question, choice.found.hits, frame=frames(config)(question))
    prompt = _prompt(messages, config) if choice.is_near else None
    if prompt is None:
        output.note("nothing is found, so no model would be asked")
    if json:
        output.write_json({"prompt": prompt})
    elif prompt:
        output.write(prompt)


def _prompt(messages: "Sequence[Message]", config: Settings) -> str:
    """What is sent: TGI's own routes take a text, the chat route takes messages."""
    from assistant.server.protocols.mistral import render
    from assistant.server.record import access

    if access(config).api == "tgi":
        return render(messages)
    return "\n\n".join(f"{message.role}: {message.content}" for message in messages)
