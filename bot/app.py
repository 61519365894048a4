"""The bot put together: what runs, in which order it starts, and how it ends."""

import asyncio
import logging
import os
import signal
import time
from contextlib import AsyncExitStack, suppress
from functools import partial

from telegram import User
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from assistant.engines import AutoEngine, Engine, ServerEngine, open_engine
from assistant.retrieve import make_searcher
from assistant.server.errors import ServerError
from bot.access import Gate
from bot.answering import Answerer
from bot.answers import Answers
from bot.commands import Commands
from bot.config import BotConfig
from bot.dialogue import Dialogue
from bot.handlers import Handlers
from bot.health import health_server
from bot.inbox import Inbox
from bot.limits import ChatLimiter
from bot.menu import set_menu
from bot.metrics import Metrics
from bot.people import People
from bot.poller import DEAF, Poller
from bot.queue import Queue
from bot.sending import Sender
from bot.store import Store
from bot.waiting import within
from indexer.errors import UserError
from indexer.lock import writer_lock

REJECTED = 3  # so many 401 in a row at the start: the token is wrong
ENDING = 5.0  # seconds for answers at work after SIGTERM; 8 with everything
SWEEP_PAUSE = 3600.0
log = logging.getLogger(__name__)


def run(config: BotConfig) -> int:
    """Run the bot until SIGTERM or SIGINT; 0 then. Raises UserError."""
    config.lock.parent.mkdir(parents=True, exist_ok=True)
    sentence = "the bot is running already ({holder})"
    with writer_lock(config.lock, sentence, "opsctl status shows it; opsctl stop ends it"):
        store = Store(config.database)
        try:
            config.check(len(People(store).all()))
            asyncio.run(_run(config, store))
        finally:
            store.close()
    return 0


async def _run(config: BotConfig, store: Store) -> None:
    """Run until a signal comes, or until something fails that can not be mended here."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        bot = await _Assembly.make(config, store, stack)
        work = [asyncio.ensure_future(step) for step in (bot.talk(), bot.poller.run(), bot.sweep())]
        ended = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({ended, *work}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            for task in work:
                task.cancel()
            results = await asyncio.gather(*work, return_exceptions=True)
            await bot.close()
        for result in results:
            if isinstance(result, Exception):
                raise result


class _Assembly:
    """All the parts, and what they tell each other."""

    @classmethod
    async def make(cls, config: BotConfig, store: Store, stack: AsyncExitStack) -> "_Assembly":
        """Open everything; what was opened closes with the stack."""
        made = cls(config, store, await stack.enter_async_context(open_engine(config.settings)))
        port = await stack.enter_async_context(
            health_server(config.health_port, made.health, made.metrics)
        )
        log.info("health: http://127.0.0.1:%d/healthz", port)
        return made

    def __init__(self, config: BotConfig, store: Store, engine: Engine) -> None:
        self._config = config
        self._store = store
        self._engine = engine
        self.metrics = Metrics()
        self._answers, self._dialogue = Answers(store), Dialogue(store)
        # A message may take its time to be accepted; 25 a second and 64 at work are the most.
        request = HTTPXRequest(connection_pool_size=128, read_timeout=20, pool_timeout=20)
        self._bot = ExtBot(
            config.token, config.api_url, request=request, rate_limiter=ChatLimiter()
        )
        self._request = request
        self._sender = Sender(self._bot)
        answerer = Answerer(
            config,
            self._answers,
            self._dialogue,
            self._sender,
            make_searcher(config.settings),
            engine,
            self.metrics,
        )
        self._answerer = answerer
        self.queue = Queue(self._answers, answerer.work, answerer.greet, config.parallel)
        self._inbox: Inbox | None = None
        self.poller = Poller(config.token, config.api_url, store, self.metrics, self._heard)
        self._watch()

    async def talk(self) -> None:
        """Find out who we are, then handle updates and answer, for ever."""
        me = await self._introduce()
        log.info("answering as bot %d", me.id)
        people = People(self._store)
        commands = Commands(
            self._config.settings, self._answers, self._dialogue, self._sender, self._report
        )
        handlers = Handlers(
            self._config,
            me,
            Gate(self._config, people),
            people,
            self._answers,
            self._dialogue,
            self._sender,
            commands,
            self.queue.asked,
            self._stop,
        )
        self._inbox = Inbox(self._store, handlers.handle, self.metrics)
        menu = asyncio.ensure_future(set_menu(self._bot, self._store, self._config.admins))
        try:
            await asyncio.gather(self._inbox.run(), self.queue.run())
        finally:
            menu.cancel()

    async def sweep(self) -> None:
        """Delete what is old, a little at a time, for ever."""
        while True:
            while self._store.sweep(time.time()):
                await asyncio.sleep(0.05)
            await asyncio.sleep(SWEEP_PAUSE)

    async def close(self) -> None:
        """Finish what is at work or park it, and close the connections."""
        closing = [self.queue.close(ENDING)]
        if self._inbox:
            closing.append(self._inbox.close(ENDING))
        await asyncio.gather(*closing)
        with suppress(asyncio.TimeoutError):
            await within(0.5, self._request.shutdown())

    def health(self) -> dict[str, object]:
        """How the bot is; ok while polls are answered."""
        age = self.poller.age
        return {
            "ok": age < DEAF,
            "poll_age": round(age, 1),
            "backlog": self._store.backlog(),
            **self._answers.counts(),
            "writing": self.queue.writing,
            "pid": os.getpid(),
        }

    async def _introduce(self) -> User:
        """Ask Telegram who we are until it says so. Raises UserError for a token it rejects."""
        rejected, pause = 0, 0.5
        while True:
            try:
                return await self._bot.get_me()
            except InvalidToken:
                rejected += 1
                if rejected == REJECTED:
                    raise UserError(
                        "Telegram does not accept the bot's token",
                        "compare telegram_token.txt with what @BotFather says",
                    ) from None
                log.error("getMe: the token was rejected")
            except TelegramError as error:
                rejected = 0
                log.warning("getMe: %s", type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(30.0, pause * 2)

    async def _report(self) -> dict[str, object]:
        """What /status tells."""
        liked, disliked = self._dialogue.ratings()
        return {
            "poll": self.poller.age,
            **self._answers.counts(),
            "backlog": self._store.backlog(),
            "running": self.queue.writing,
            "server": await self._server(),
            "liked": liked,
            "disliked": disliked,
        }

    async def _server(self) -> str:
        served = self._engine.served if isinstance(self._engine, AutoEngine) else self._engine
        if not isinstance(served, ServerEngine):
            return "—"
        try:
            await served.server.health()
        except ServerError as error:
            return error.message
        return "✓"

    def _heard(self) -> None:
        if self._inbox:
            self._inbox.wake()

    def _stop(self, number: int) -> None:
        self._answerer.stop(number)
        self.queue.wake()

    def _count(self, state: str) -> float:
        return self._answers.counts()[state]

    def _watch(self) -> None:
        watch = self.metrics.watch
        watch("bot_poll_age_seconds", "since the last good poll", lambda: self.poller.age)
        watch("bot_writing", "answers being written", lambda: self.queue.writing)
        watch("bot_backlog", "updates not dealt with", self._store.backlog)
        for state in ("waiting", "final"):
            help = f"answers that are {state}"
            watch(f"bot_{state}", help, partial(self._count, state))
