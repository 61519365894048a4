"""The bot put together: its parts, what they tell each other, and what they tell of themselves."""

import asyncio
import logging
import os
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from functools import partial

from telegram import User
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ExtBot

from assistant.engines import Engine, open_engine, served_by
from assistant.retrieve import make_searcher
from assistant.server.record import is_expected
from assistant.server.state import examine
from bot.base.config import BotConfig
from bot.base.context import Context
from bot.base.metrics import Metrics
from bot.gate.admin_notifier import AdminNotifier
from bot.gate.decision_notifier import DecisionNotifier
from bot.gate.entrance import Entrance
from bot.gate.gate import Gate
from bot.health import health_server
from bot.inbox.inbox import Inbox
from bot.inbox.poller import Poller
from bot.index.indexing import Indexing
from bot.index.last_run import LastRun
from bot.index.scheduled import ScheduledIndexing
from bot.news import News
from bot.people.allowances import Limits
from bot.people.groups import Groups
from bot.people.members import Members
from bot.people.menu import Menu
from bot.people.people import People, Role
from bot.questions.answering import Answerer
from bot.questions.answers import Answers
from bot.questions.dialogue import Dialogue
from bot.questions.fallbacks import Fallbacks
from bot.questions.queue import Queue
from bot.questions.slots import Slots
from bot.questions.writing import AnswerWriter
from bot.store.store import Store, StoreBusy
from bot.telegram.connections import DEAF, Connections
from bot.telegram.limits import ChatLimiter
from bot.telegram.line import Line
from bot.telegram.sending import Sender
from bot.updates.commands import Commands
from bot.updates.handlers import Handlers
from bot.uploads.pipeline import Uploads
from core.errors import UserError
from core.files import write_whole

READ = 20.0  # seconds for a reply
FIRST_WORD = 8.0  # for the very first one: `opsctl start` waits to tell why there is none
REJECTED = 3  # so many 401 in a row at the start: the token is wrong
ENDING = 4.0  # seconds for answers at work after SIGTERM; 8 with everything
STUCK = 300.0  # seconds that an update may wait to be dealt with
SWEEP_PAUSE = 3600.0
log = logging.getLogger(__name__)


class Assembly:
    """All the parts, and what they tell each other."""

    @classmethod
    async def make(cls, config: BotConfig, store: Store, stack: AsyncExitStack) -> "Assembly":
        """Open everything; what was opened closes with the stack."""
        made = cls(config, store, await stack.enter_async_context(open_engine(config.settings)))
        port = await stack.enter_async_context(
            health_server(config.settings.health_port, made.health, made.metrics)
        )
        log.info("health: http://127.0.0.1:%d/healthz", port)
        write_whole(config.port_file, str(port))
        return made

    def __init__(self, config: BotConfig, store: Store, engine: Engine) -> None:
        self._config, self._settings = config, config.settings
        self._store = store
        self._engine = engine
        self.metrics = Metrics()
        self._answers = Answers(store)
        self._introduced = asyncio.Event()
        url, pace = self._settings.telegram_api_url, config.pace
        # A message may take its time to be accepted; 25 a second and 64 at work are the most.
        line = self._line = Line(url, self._settings.telegram_proxy, pace, config.token_place)
        self._request = Connections(
            line,
            lambda: self.metrics.failed("mute"),
            connection_pool_size=128,
            read_timeout=READ,
            pool_timeout=20,
        )
        self._bot = ExtBot(
            self._settings.telegram_token,
            url,
            _files_url(url),
            request=self._request,
            get_updates_request=self._request,
            rate_limiter=ChatLimiter(pace=pace),
        )
        context = self._context = Context(config, store, Sender(self._bot, pace), self.metrics)
        self._words_alone: UserError | None = None
        self._searcher = make_searcher(self._settings, self._told_of_meaning)
        self._members = Members(self._settings.members_of, store, self._bot, pace)
        self._gate = Gate(config, People(store), Groups(config, store), self._members)
        self._fallbacks = Fallbacks(store, self.metrics)
        writer = AnswerWriter(context, self._searcher, engine, self._fallbacks)
        answerer = self._answerer = Answerer(context, writer, self._gate.may_have)
        self._indexing = Indexing(self._settings)
        self._uploads = Uploads(context, self._bot, self._indexing, line)
        self._slots = Slots(engine, config.parallel)
        self.queue = Queue(
            self._answers, answerer.work, answerer.notify, self._slots.count, pace=pace
        )
        self._inbox: Inbox | None = None
        self.poller = Poller(
            self._settings.telegram_token, url, line, store, self.metrics, self._heard, pace=pace
        )
        self._watch()

    async def talk(self) -> None:
        """Find out who we are, then handle updates and answer, for ever."""
        me, _ = await asyncio.gather(self._introduce(), self._slots.learn())
        log.info("answering as bot %d", me.id)
        self._store.set_username(self._settings.telegram_token, me.username or "")
        menu = Menu(self._bot, self._store, self._roles)
        context, gate = self._context, self._gate
        admin_notifier = AdminNotifier(context, gate.admins)
        decision_notifier = DecisionNotifier(context, self.queue.asked, menu.set)
        commands = Commands(
            context, self._indexing, self._uploads, menu, self._searcher, self._report
        )
        entrance = Entrance(context, gate, self._members, admin_notifier, decision_notifier.wake)
        limits = Limits(self._config, self._store, lambda user: gate.role(user) == "admin")
        handlers = Handlers(
            context, me, gate, entrance, limits, commands, self.queue.asked, self._stop
        )
        self._inbox = Inbox(self._store, handlers.handle, self.metrics, context.pace)
        last = LastRun(self._settings)
        news = News(context, last, gate.admins)
        scheduled = ScheduledIndexing(self._indexing, last, self._config.reindex_every)
        talking = (self._inbox, self.queue, self._uploads, menu, decision_notifier, admin_notifier)
        parts = (*talking, self._answerer, news, scheduled)
        await asyncio.gather(*(part.run() for part in parts))

    async def poll(self) -> None:
        """Poll for ever, from when we know who we are on: a webhook is gone then."""
        await self._introduced.wait()
        await self.poller.run()

    async def look_after(self) -> None:
        """Look which proxies answer, for ever."""
        await self._line.run()

    async def sweep(self) -> None:
        """Delete what is old, a little at a time, for ever."""
        while True:
            with suppress(StoreBusy):
                while self._store.sweep(time.time(), self._settings.keep_days):
                    await asyncio.sleep(0.05)
            await asyncio.sleep(SWEEP_PAUSE)

    async def close(self) -> None:
        """Finish what is at work or park it, and close the connections."""
        ending = self._config.pace * ENDING
        closing = [self.queue.close(ending)]
        if self._inbox:
            closing.append(self._inbox.close(ending))
        await asyncio.gather(*closing, self._indexing.close())
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._request.shutdown()

    def health(self) -> dict[str, object]:
        """How the bot is. ok: it hears, it knows who it is, it can speak, and nothing is stuck.

        `polled` and `introduced` tell whether Telegram has ever answered a poll and getMe;
        `trouble` is what is wrong with the line to it; `words_alone` is why questions are not
        searched by meaning.
        """
        age, silence = self.poller.age, self._request.silence
        stuck = max(0.0, time.time() - self._store.oldest())
        trouble = self.poller.trouble or self._request.trouble
        hears = self.poller.polled and age < DEAF
        alone = self._words_alone
        return {
            "release": self._config.release,
            "ok": hears and silence < DEAF and stuck < STUCK,
            "polled": self.poller.polled,
            "introduced": self._introduced.is_set(),
            "poll_age": round(age, 1),
            "send_silence": round(silence, 1),
            "backlog": self._store.backlog(),
            "backlog_age": round(stuck, 1),
            **self._answers.counts(),
            "writing": self.queue.writing,
            "model_trouble": self._fallbacks.trouble,
            "trouble": trouble and asdict(trouble),
            "words_alone": alone and {"sentence": alone.message, "fix": alone.hint},
            "pid": os.getpid(),
        }

    async def _introduce(self) -> User:
        """Ask Telegram who we are until it says so. Raises UserError for a token it rejects.

        A webhook that somebody has set would keep all updates from us.
        """
        rejected, pause, pace, patience = 0, 0.5, self._config.pace, FIRST_WORD
        while True:
            try:
                me = await self._bot.get_me(read_timeout=patience)
                if (await self._bot.get_webhook_info()).url:
                    log.warning("a webhook was set for this bot: it is taken away")
                    await self._bot.delete_webhook(drop_pending_updates=False)
                self._introduced.set()
                return me
            except InvalidToken:
                rejected += 1
                trouble = self._request.trouble
                if rejected >= REJECTED and trouble and trouble.cause == "token":
                    raise UserError(trouble.sentence, trouble.fix) from None
                log.error("getMe: %s", trouble)
            except TelegramError as error:
                rejected = 0
                log.warning("getMe: %s", self._request.trouble or type(error).__name__)
            await asyncio.sleep(pace * pause)
            pause, patience = min(30.0, pause * 2), READ

    async def _report(self) -> dict[str, object]:
        liked, disliked = Dialogue(self._store).ratings()
        return {
            "poll": self.poller.age,
            **self._answers.counts(),
            "backlog": self._store.backlog() - 1,  # the /status itself
            "running": self.queue.writing,
            "server": await self._server(),
            "liked": liked,
            "disliked": disliked,
        }

    async def _server(self) -> str:
        settings = self._settings
        if served_by(self._engine) is None:
            return "none"
        found = await examine(settings)
        if found.error and not is_expected(settings):
            return "none"
        return found.fault or self._fallbacks.trouble or "up"

    def _roles(self) -> dict[int, Role]:
        """Those who have a menu of their own."""
        editors: dict[int, Role] = dict.fromkeys(People(self._store).with_role("editor"), "editor")
        return editors | dict.fromkeys(self._gate.admins(), "admin")

    def _told_of_meaning(self, error: UserError | None) -> None:
        """Why words alone are searched from now on; None: they are not."""
        self._words_alone = error
        if error:
            log.warning("words alone are searched: %s (%s)", error.message, error.hint)
        else:
            log.info("questions are searched by meaning again")

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


def _files_url(api_url: str) -> str:
    """Where the Bot API at this address has its files: /file before the last /bot."""
    head, bot, rest = api_url.rpartition("/bot")
    return f"{head}/file{bot}{rest}" if bot else api_url
