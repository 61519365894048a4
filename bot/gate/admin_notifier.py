"""Tells the administrators who asks to be let in, and lets each message say what was decided.

A message whose reply was lost, or that was sent just before the process was killed, is sent again:
nobody waits for ever because of it. The buttons of a message that is not known work as well, and
it is brought up to date when one of them is pressed.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from bot.base.context import Context
from bot.gate.notices import Notice, Notices, shown
from bot.store.store import StoreBusy
from bot.telegram.errors import Banned, ChatGone, MaybeSent, MessageGone, SendingError, Unreachable
from bot.texts import texts_for
from bot.waiting import set_within

PAUSE = 2.0  # seconds between two looks at what opsctl decided
TROUBLE_PAUSE = 10.0
GONE_PAUSE = 3600.0  # for an administrator who never wrote to the bot, or has blocked it
log = logging.getLogger(__name__)


class AdminNotifier:
    """Serves each administrator apart: one who cannot be reached holds up nobody else."""

    def __init__(self, context: Context, admins: Callable[[], list[int]]) -> None:
        self._store, self._sender, self._pace = context.store, context.sender, context.pace
        self._notices = Notices(context.store)
        self._admins = admins
        self._changed = asyncio.Event()
        self._rests: dict[int, float] = {}  # until when an administrator is left alone
        self._heard: dict[int, float] = {}  # when they wrote last
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._error: BaseException | None = None

    def wake(self) -> None:
        """Somebody asked to be let in, or it was decided."""
        self._changed.set()

    def hello(self, admin: int) -> None:
        """The administrator wrote to the bot, and can be written to."""
        self._heard[admin] = time.monotonic()
        self._rests.pop(admin, None)
        self.wake()

    async def run(self) -> None:
        try:
            while not self._error:
                self._changed.clear()
                with suppress(StoreBusy):
                    for admin in self._admins():
                        self._serve(admin)
                await set_within(self._changed, self._pace * PAUSE)
            raise self._error
        finally:
            for task in self._tasks.values():
                task.cancel()

    def _serve(self, admin: int) -> None:
        rested = self._rests.get(admin, 0) <= time.monotonic()
        if admin in self._tasks or not rested:
            return
        self._notices.gather(admin)
        if todo := self._notices.to_show(admin):
            self._tasks[admin] = task = asyncio.ensure_future(self._tell(admin, todo))
            task.add_done_callback(lambda done: self._ended(admin, done))

    async def _tell(self, admin: int, todo: list[Notice]) -> None:
        began = time.monotonic()
        try:
            for notice in todo:
                await self._show(notice)
        except ChatGone:
            wrote_since = self._heard.get(admin, 0) >= began
            self._rest(admin, self._pace * PAUSE if wrote_since else GONE_PAUSE)
        except Banned as error:
            self._rest(admin, error.seconds)
        except (MaybeSent, Unreachable) as error:
            log.info("administrator %d will be told later: %s", admin, type(error).__name__)
            self._rest(admin, self._pace * TROUBLE_PAUSE)
        except StoreBusy:
            self._rest(admin, self._pace * PAUSE)

    async def _show(self, notice: Notice) -> None:
        people = self._notices.people(notice.id)
        decided = all(request.state != "waiting" for request in people)
        if decided and (notice.message is None or not people):
            return self._notices.remove(notice.id)
        words = texts_for(self._store.meta(f"language {notice.admin}") or people[0].language)
        text, buttons = shown(notice, people, words)
        try:
            if notice.message is None:
                message = await self._sender.send(notice.admin, text, buttons=buttons)
                self._notices.placed(notice.id, message)
            else:
                await self._sender.edit(notice.admin, notice.message, text, buttons=buttons)
        except (MaybeSent, Unreachable, Banned, ChatGone):
            raise
        except (SendingError, ValueError) as error:
            if not isinstance(error, MessageGone):  # which the administrator took away
                log.error("a message about who waits is made again: %s", error)
                self._rest(notice.admin, self._pace * TROUBLE_PAUSE)
            return self._notices.remove(notice.id)
        self._notices.shown(notice)

    def _rest(self, admin: int, seconds: float) -> None:
        self._rests[admin] = time.monotonic() + seconds

    def _ended(self, admin: int, task: "asyncio.Task[None]") -> None:
        del self._tasks[admin]
        if not task.cancelled():
            self._error = self._error or task.exception()
        self.wake()
