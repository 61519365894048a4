"""The pipeline: a question in, events out. Every front end runs this one generator."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import asdict, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from assistant.engines import Engine
from assistant.events import (
    Citation,
    Cut,
    Done,
    Event,
    Piece,
    Refusal,
    Retracted,
    Sources,
    Token,
    Turn,
    Unsupported,
    Writer,
)
from assistant.question.clean import cleaned
from assistant.question.split import questions_of
from assistant.retrieval.find import Looked, look_up, small_talk
from assistant.retrieval.nothing import advice, nothing_found
from core.errors import UsageError
from core.setting_values import MAX_MESSAGE
from core.text import shortened

if TYPE_CHECKING:
    from indexer.search.searcher import Found, Searcher

MAX_QUESTION = MAX_MESSAGE  # what Telegram sends whole is not too long
MOST_REPEATED = 120  # characters of a question above its answer, where there are several


async def answer(
    question: str,
    history: Sequence[Turn] = (),
    *,
    searcher: "Searcher",
    engine: Engine,
    top_k: int = 5,
    contact: str = "",
) -> AsyncIterator[Event]:
    """Yield Sources, then Tokens, then one Done. Nothing found is an answer too.

    There are no Sources where nothing was searched: for a greeting, or the list of documents.
    Several questions are answered one after the other. `contact` is whom people may turn to.

    Raises UsageError for an empty or oversized question, NoIndex and EmbedderMismatch, and
    ServerError when the model's answer does not come whole: what was yielded is then a fragment.
    """
    question = check_question(question)
    looked = await asyncio.to_thread(_look_up, question, history, searcher, top_k, contact)
    if found := [each.choice.found for each in looked if each.choice]:
        yield Sources(_all_of(found))
    done: list[Done] = []
    for number, each in enumerate(looked, start=1):
        if len(looked) > 1:
            gap = "\n\n" if done else ""
            head = Token(f"{gap}{number}. {shortened(each.text, MOST_REPEATED)}\n")
            done.append(Done(head.text, "none", found=False))
            yield head
        async with aclosing(_answered(each, question, history, engine)) as events:
            async for event in events:
                if isinstance(event, Done):
                    done.append(event)
                else:
                    yield event
    if any(_is_nothing(each) for each in looked):
        gap = "\n" if len(looked) == 1 else "\n\n"
        hint = Token(gap + advice(question, contact))
        done.append(Done(hint.text, "none", found=False))
        yield hint
    yield _one_of(done)


async def _answered(
    looked: Looked, message: str, history: Sequence[Turn], engine: Engine
) -> AsyncGenerator[Writer | Token | Retracted | Done, None]:
    """The answer to one question of a message."""
    if told := looked.told:
        yield Token(told.text)
        yield Done(told.text, "none", told.found, told.citations, kind=told.kind)
        return
    choice = looked.choice
    if choice is None or _is_nothing(looked):
        text = nothing_found(message)
        yield Token(text)
        yield Done(text, "none", found=False)
        return
    draft = _Draft(looked.searched)
    async with aclosing(engine.write(looked.text, choice, history)) as pieces:
        async for piece in pieces:
            draft.add(piece)
            if isinstance(piece, Writer | Token | Retracted):
                yield piece
    yield draft.done(choice.is_sure)


def _is_nothing(looked: Looked) -> bool:
    """Tell whether nothing that was found is worth showing."""
    return not looked.told and not (looked.choice and looked.choice.is_near)


class _Draft:
    """The answer as far as it has come."""

    def __init__(self, searched: str) -> None:
        self.searched = searched
        self.writer = Writer("none")
        self.texts: list[str] = []
        self.citations: list[Citation] = []
        self.cut: Cut | None = None
        self.is_refused = False
        self.unsupported: tuple[str, ...] = ()

    def add(self, piece: Piece) -> None:
        if isinstance(piece, Token):
            self.texts.append(piece.text)
        elif isinstance(piece, Retracted):
            self.texts.clear()
        elif isinstance(piece, Citation):
            self.citations.append(piece)
        elif isinstance(piece, Writer):
            self.writer = piece
        elif isinstance(piece, Refusal):
            self.is_refused = True
        elif isinstance(piece, Unsupported):
            self.unsupported = piece.sentences
        else:
            self.cut = piece

    def done(self, sure: bool) -> Done:
        """The answer; what is only quoted as the closest is none."""
        found = not self.is_refused and (sure or self.writer.engine != "extractive")
        citations = tuple(self.citations)
        who = asdict(self.writer)
        if self.cut:
            who["fault"] = self.cut.fault
        return Done(
            "".join(self.texts),
            found=found,
            citations=citations,
            cut=self.cut is not None,
            cause=self.cut.cause if self.cut else "",
            searched=self.searched,
            unsupported=self.unsupported,
            **who,
        )


def check_question(question: str, most: int = MAX_QUESTION) -> str:
    """Clean a question; raise UsageError when nothing is left or it is too long."""
    question = cleaned(question)
    if not any(char.isalnum() for char in question):
        raise UsageError("the question is empty", 'opsctl ask "…"')
    if len(question) > most:
        raise UsageError(
            f"the question has {len(question)} characters, and {most} is the most",
            "ask in fewer words; a long text belongs in the documents folder",
        )
    return question


def _look_up(
    question: str, history: Sequence[Turn], searcher: "Searcher", top_k: int, contact: str
) -> list[Looked]:
    """What each question of a message finds; a later one may lean on the one before it."""
    if said := small_talk(question, contact):
        return [Looked(question, told=said)]
    looked: list[Looked] = []
    turns = list(history)
    for asked in questions_of(question):
        looked.append(look_up(asked, turns, searcher, top_k, contact))
        turns.append(Turn(asked.text, ""))
    return looked


def _all_of(found: "Sequence[Found]") -> "Found":
    """The passages of several questions, the first of each first."""
    first, *others = found
    if not others:
        return first
    best = max(found, key=lambda each: each.confidence)
    hits = dict.fromkeys(hit for row in zip_longest(*(each.hits for each in found)) for hit in row)
    return replace(best, hits=tuple(filter(None, hits)))


def _one_of(done: Sequence[Done]) -> Done:
    """One answer of the answers to several questions."""
    if len(done) == 1:
        return done[0]
    best = max(done, key=lambda each: (each.engine != "none", each.found))
    return replace(
        best,
        text="".join(each.text for each in done),
        found=any(each.found for each in done),
        citations=tuple(dict.fromkeys(one for each in done for one in each.citations)),
        cut=any(each.cut for each in done),
        unsupported=tuple(one for each in done for one in each.unsupported),
        cause=next(filter(None, (each.cause for each in done)), ""),
        kind="",
        searched=", ".join(filter(None, (each.searched for each in done))),
    )
