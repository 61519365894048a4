"""The pipeline: a question in, events out. Every front end runs this one generator."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import TYPE_CHECKING

from assistant.engines import Engine
from assistant.events import Citation, Done, Event, Piece, Sources, Token, Turn, Writer
from assistant.setting_values import MAX_MESSAGE
from indexer.errors import UsageError
from indexer.words import is_cyrillic

if TYPE_CHECKING:
    from assistant.quote import Choice
    from indexer.search import Found, Searcher

MAX_QUESTION = MAX_MESSAGE  # what Telegram sends whole is not too long


async def answer(
    question: str,
    history: Sequence[Turn] = (),
    *,
    searcher: "Searcher",
    engine: Engine,
    top_k: int = 5,
) -> AsyncIterator[Event]:
    """Yield Sources, then Tokens, then one Done. Nothing found is an answer too.

    Raises UsageError for an empty or oversized question, NoIndex and EmbedderMismatch, and
    ServerError when the model's answer does not come whole: what was yielded is then a fragment.
    """
    question = check_question(question)
    found = await asyncio.to_thread(_search, searcher, question, history, top_k)
    yield Sources(found)
    choice = await asyncio.to_thread(_choose, question, found)
    if not choice.is_near:
        text = nothing_found(question)
        yield Token(text)
        yield Done(text, "none", found=False)
        return
    draft = _Draft()
    async with aclosing(engine.write(question, choice, history)) as pieces:
        async for piece in pieces:
            draft.add(piece)
            if isinstance(piece, Writer | Token):
                yield piece
    yield draft.done(choice.is_sure)


class _Draft:
    """The answer as far as it has come."""

    def __init__(self) -> None:
        self.writer = Writer("none")
        self.texts: list[str] = []
        self.citations: list[Citation] = []
        self.cut = False

    def add(self, piece: Piece) -> None:
        if isinstance(piece, Token):
            self.texts.append(piece.text)
        elif isinstance(piece, Citation):
            self.citations.append(piece)
        elif isinstance(piece, Writer):
            self.writer = piece
        else:
            self.cut = True

    def done(self, sure: bool) -> Done:
        """The answer; what is only quoted as the closest is none."""
        found = sure or self.writer.engine != "extractive"
        citations = tuple(self.citations)
        who = asdict(self.writer)
        return Done("".join(self.texts), found=found, citations=citations, cut=self.cut, **who)


def check_question(question: str, most: int = MAX_QUESTION) -> str:
    """Trim a question; raise UsageError when nothing is left or it is too long."""
    question = " ".join(question.encode("utf-8", "replace").decode().split())
    if not any(char.isalnum() for char in question):
        raise UsageError("the question is empty", 'opsctl ask "…"')
    if len(question) > most:
        raise UsageError(
            f"the question has {len(question)} characters, and {most} is the most",
            "ask in fewer words; a long text belongs into the documents folder",
        )
    return question


def nothing_found(question: str) -> str:
    """What is said when the documents hold no answer, in the language of the question."""
    return "В базе знаний ничего не найдено." if is_cyrillic(question) else "Nothing found."


def _choose(question: str, found: "Found") -> "Choice":
    from assistant.quote import choose

    return choose(question, found)


def _search(searcher: "Searcher", question: str, history: Sequence[Turn], top_k: int) -> "Found":
    """Search for the question; where that finds nothing, for it together with the one before.

    A follow-up ("а зимой?") has too few words of its own.
    """
    found = searcher.search(question, top_k)
    if found.confident or not history:
        return found
    together = searcher.search(f"{history[-1].question} {question}", top_k)
    return together if together.confident else found
