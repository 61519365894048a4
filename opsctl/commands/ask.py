"""opsctl ask: one question, one answer with its sources."""

import asyncio
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from assistant import settings
from assistant.answer import check_question
from assistant.settings import Settings
from indexer.errors import UsageError
from indexer.text import decoded
from opsctl import output
from opsctl.folding import Folder
from opsctl.options import EngineName, Json
from opsctl.sources import list_sources, say_whether, sections, show_end, show_sections

if TYPE_CHECKING:
    from assistant.events import Citation, Done
    from indexer.search import Found

    _Section = tuple[Citation, str]

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
        raise UsageError("--sources-only and --show-prompt do not go together", "give one of them")
    config = settings.load(engine=engine)
    question = check_question(_question(words or []))
    if sources_only or show_prompt:
        _show_found(config, question, show_prompt, json)
    else:
        asyncio.run(_answer(config, question, full, json))


async def _answer(config: Settings, question: str, full: bool, json: bool) -> None:
    from assistant.answer import answer
    from assistant.engines import open_engine
    from assistant.events import Done, Sources, Token
    from assistant.retrieve import make_searcher

    found = done = None
    searcher = make_searcher(config)
    async with open_engine(config) as engine:
        with answer_lines() as write:
            async for event in answer(
                question,
                searcher=searcher,
                engine=engine,
                top_k=config.top_k,
                contact=config.contact,
            ):
                if isinstance(event, Sources):
                    found = event.found
                elif isinstance(event, Token) and not json:
                    write(event.text)
                elif isinstance(event, Done):
                    done = event
    assert done
    whole = sections(done.citations, searcher) if full else None
    if json:
        _write_json(question, done, found, whole)
        return
    if whole:
        show_sections(question, whole)
    show_end(question, done, found, "" if full else "opsctl ask --full …")


def _question(words: list[str]) -> str:
    """What was typed, with or without quotes, or what comes from a pipe."""
    if words not in ([], ["-"]):
        return decoded(" ".join(words))
    if sys.stdin is None or (not words and sys.stdin.isatty()):
        raise UsageError("there is no question", 'opsctl ask "…"')
    return sys.stdin.buffer.read().decode("utf-8", "replace")


@contextmanager
def answer_lines() -> Iterator[Callable[[str], None]]:
    """Give a function that prints an answer's next piece; end the line, also where it breaks off.

    On a terminal lines are folded between words.
    """
    shown = False

    def write(text: str) -> None:
        nonlocal shown
        shown = True
        output.write(text, end="")

    folder = Folder(write, shutil.get_terminal_size().columns)
    try:
        yield folder.add if sys.stdout.isatty() else write
    finally:
        folder.end()
        if shown:
            output.write("")


def _write_json(
    question: str, done: "Done", found: "Found | None", whole: "Sequence[_Section] | None"
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


def _show_found(config: Settings, question: str, show_prompt: bool, json: bool) -> None:
    from assistant.prompt import build_messages
    from assistant.question.split import essence
    from assistant.quote import choose
    from assistant.retrieve import make_searcher
    from assistant.server.mistral import render

    text = essence(question)
    choice = choose(text, make_searcher(config).search(text, config.top_k))
    found = choice.found
    if show_prompt:
        prompt = render(build_messages(question, found.hits)) if choice.is_near else None
        if prompt is None:
            output.note("nothing is found, so no model would be asked")
        if json:
            output.write_json({"prompt": prompt})
        elif prompt:
            output.write(prompt)
    elif json:
        output.write_json(
            {
                "question": question,
                "found": choice.is_sure,
                **_matched(found),
                "threshold": found.threshold,
                "sources": [{name: getattr(hit, name) for name in _SOURCE} for hit in found.hits],
            }
        )
    else:
        list_sources(found)
        say_whether(choice)
