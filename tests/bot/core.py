"""The answering core in the process of the test, where its limits can be made short."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from assistant.engines import open_engine
from assistant.retrieve import make_searcher
from bot.base.config import BotConfig
from bot.base.context import Context
from bot.base.metrics import Metrics
from bot.questions.answering import Answerer
from bot.questions.answers import Answers, Question
from bot.questions.dialogue import Dialogue
from bot.questions.fallbacks import Fallbacks
from bot.questions.queue import Queue
from bot.questions.slots import Slots
from bot.questions.writing import AnswerWriter
from bot.store.store import Store
from bot.telegram.limits import ChatLimiter
from bot.telegram.sending import Sender
from core.settings import Settings
from tests.fakes.bot_api import FakeBotAPI


@dataclass
class Core:
    """Asks like a handler does."""

    api: FakeBotAPI
    store: Store
    answers: Answers
    dialogue: Dialogue
    queue: Queue
    answerer: Answerer
    metrics: Metrics
    removed: set[int]
    asked: int = 0

    def ask(self, user: int, text: str, chat: int | None = None) -> int:
        """A new question of this person, in a group if given; its number."""
        self.asked += 1
        where = chat or user
        message = self.api.user(user, text, chat=where)["message_id"]
        asked = Question(self.asked, where, None, user, message, "ru", text, time.time())
        self.answers.add(asked)
        self.queue.asked(self.asked)
        return self.asked

    def outcome(self, number: int) -> str:
        """How the answer ended; nothing while it has not."""
        found = self.answers.get(number)
        return found.outcome if found and found.state == "done" else ""


@asynccontextmanager
async def core(
    folder: Path,
    api: FakeBotAPI,
    state: Path,
    cap: float = 0.3,
    clock: Callable[[], float] = time.time,
    pace: float = 0.01,
    **more: Any,
) -> AsyncIterator[Core]:
    """Run it over the file in `folder`; bans above `cap` seconds are left to the store."""
    settings = Settings(
        **{"state": state, "embedder": "builtin", "engine": "extractive", "threshold": 0.0, **more}
    )
    config = BotConfig(settings, folder / "core.sqlite", folder, pace=pace)
    store = Store(config.database)
    answers = Answers(store)
    dialogue, metrics = Dialogue(store), Metrics()
    removed: set[int] = set()
    limiter = ChatLimiter(per_second=50, burst=50, per_minute=1000, cap=cap)
    request = HTTPXRequest(connection_pool_size=64)
    bot = ExtBot(api.token, api.url, request=request, rate_limiter=limiter)
    async with open_engine(settings) as engine:
        searcher = make_searcher(settings)
        context = Context(config, store, Sender(bot, pace), metrics)
        writer = AnswerWriter(context, searcher, engine, Fallbacks(store, metrics))
        answerer = Answerer(context, writer, lambda question: question.user not in removed)
        slots = Slots(engine, config.parallel)
        await slots.learn()
        queue = Queue(answers, answerer.work, answerer.notify, slots.count, clock, pace)
        running = asyncio.ensure_future(queue.run())
        try:
            yield Core(api, store, answers, dialogue, queue, answerer, metrics, removed)
        finally:
            await queue.close(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await request.shutdown()
            store.close()
