"""The growing answer: what goes wrong with it never touches the answer itself."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from assistant.events import Piece, Retracted, Token, Turn, Writer
from assistant.quote import Choice
from assistant.retrieve import make_searcher
from bot.base.config import BotConfig
from bot.base.context import Context
from bot.base.metrics import Metrics
from bot.questions.answers import Answers, Question
from bot.questions.dialogue import Dialogue
from bot.questions.fallbacks import Fallbacks
from bot.questions.preview import PRIVATE_PACE, Preview
from bot.questions.writing import AnswerWriter
from bot.store.store import Store
from core.settings import Settings
from tests.bot.bot_process import eventually
from tests.bot.clients import run, sender, texts
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault
from tests.workspace import question

CHAT = 2
PACE = 0.1
Pieces = Sequence[str | Retracted]


class Says:
    """An engine that writes these pieces, each when the one before was tried to be shown.

    The first ones, so many as are `quiet`, are not to be shown: these get the time for two edits.
    """

    def __init__(self, api: FakeBotAPI, pieces: Pieces, quiet: int) -> None:
        self._api = api
        self._pieces = pieces
        self._quiet = quiet

    async def write(
        self, question: str, choice: Choice, history: Sequence[Turn]
    ) -> AsyncGenerator[Piece, None]:
        yield Writer("server")
        for number, piece in enumerate(self._pieces[:-1]):
            before = edits(self._api)
            yield Token(piece) if isinstance(piece, str) else piece
            shown = partial(more_edits, self._api, before)
            if number >= self._quiet:
                await eventually(shown)
            with suppress(TimeoutError):
                await eventually(shown, 2 * PACE * PRIVATE_PACE)
        yield Token(str(self._pieces[-1]))


def edits(api: FakeBotAPI) -> int:
    return sum(call["method"] == "editMessageText" for call in api.calls)


def more_edits(api: FakeBotAPI, before: int) -> bool:
    return edits(api) > before


async def written(
    folder: Path, state: Path, pieces: Pieces, faults: Sequence[Fault] = (), quiet: int = 0
) -> tuple[str, list[str], str]:
    """The answer that is stored, all that its message ever said, and what is remembered of it."""
    async with sender() as (api, to):
        settings = Settings(state=state, embedder="builtin", engine="extractive", threshold=0.0)
        config = BotConfig(settings, folder / "bot.sqlite", folder, pace=PACE)
        store = Store(config.database)
        answers, dialogue = Answers(store), Dialogue(store)
        writer = AnswerWriter(
            Context(config, store, to, Metrics()),
            make_searcher(settings),
            Says(api, pieces, quiet),
            Fallbacks(store, Metrics()),
        )
        answers.add(Question(1, CHAT, None, CHAT, None, "ru", question(3), time.time()))
        message = await to.send(CHAT, "…")
        answers.placed(1, 0, message)
        found = answers.get(1)
        assert found
        api.faults = list(faults)
        await writer.write(found, message)
        (part,) = answers.parts(1)
        assert part.content
        following = Question(2, CHAT, None, CHAT, None, "ru", "?", time.time())
        remembered = "".join(turn.answer for turn in dialogue.turns(following))
        store.close()
        (shown,) = api.messages(CHAT)
        return part.content.text, [step["text"] for step in shown["history"]], remembered


@pytest.mark.parametrize("says", ["empty", "too_long", "entities", "no_message", "blocked"])
def test_a_refused_preview_does_not_harm_the_answer(tmp_path: Path, notes: Path, says: str) -> None:
    """Whatever the refusal says."""
    fault = Fault("editMessageText", says)
    text, _, _ = asyncio.run(written(tmp_path, notes, ["См. /stop ", "тут"], [fault]))
    assert text == "См. /stop тут"


def test_what_is_blank_is_not_previewed(tmp_path: Path, notes: Path) -> None:
    """Nor does it become the answer's beginning."""
    pieces = ["\u200b\ufeff\u2800 ", "Да, ", "это так."]
    text, history, _ = asyncio.run(written(tmp_path, notes, pieces, quiet=1))
    assert text.endswith("Да, это так.")
    assert len(history) == 2 and history[1].endswith("Да,")


def test_thoughts_that_were_shown_are_taken_back(tmp_path: Path, notes: Path) -> None:
    """Neither in the answer nor in the next prompt."""
    pieces: Pieces = ["тайная ", Retracted(), "Ответ ", "готов."]
    text, _, remembered = asyncio.run(written(tmp_path, notes, pieces, quiet=2))
    assert text == remembered == "Ответ готов."


def test_nothing_in_a_preview_is_active() -> None:
    """Addresses and commands are code in it, as they will be in the answer."""

    async def main() -> None:
        async with sender() as (api, to):
            number = await to.send(7, "…")
            preview = Preview(to, 7, number, [], PACE)
            preview.show("см. tg://evil и\u202e /forget")
            await eventually(lambda: texts(api, 7) != ["…"])
            await preview.close()
            (message,) = [one for one in api.messages(7) if one["message_id"] == number]
            assert message["text"] == "см. tg://evil и /forget"
            assert [one["type"] for one in message["entities"]] == ["code", "code"]

    run(main)
