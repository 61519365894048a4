"""Telegram's limits on how fast a bot may write, kept per chat, per group and over all chats."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

Reply = bool | dict[str, Any] | list[dict[str, Any]]
# What puts a message into a chat or changes one; the rest counts only against the overall limit.
WRITING = ("send", "edit", "copy", "forward", "stop")
NOT_WRITING = ("sendChatAction", "sendMessageDraft")
# rate_limit_args for a call that is made at once or not at all; python-telegram-bot drops a 0.
NOW = 0.001
# Telegram counts in whole seconds.
MARGIN = 0.2


def ban_seconds(error: RetryAfter) -> float:
    """How long Telegram asks to wait, in seconds."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


class ChatLimiter(BaseRateLimiter[float]):
    """Spaces the calls of one bot. A 429 holds back its own chat, and no other.

    Limits of https://core.telegram.org/bots/faq, all but one of them with room to spare:
    `burst` messages in a chat at once and `per_second` later, 20 a minute in a group,
    25 calls a second in all. A ban of up to `cap` seconds is waited out; above it RetryAfter
    reaches the caller at once, and so does every further call to that chat until it is over.
    A call's `rate_limit_args` stand for `cap`; with NOW it is made at once or not at all, and
    leaves half of a group's places to the others. `pace` stretches the limits' time, and no ban.
    """

    def __init__(
        self,
        per_second: float = 1,
        burst: int = 3,
        per_minute: int = 20,
        overall: int = 25,
        cap: float = 30,
        pace: float = 1,
    ) -> None:
        self._limits = {
            "chat": (burst, pace * burst / per_second),
            "group": (per_minute, pace * 60),
            "all": (overall, pace),
        }
        self._cap = cap
        self._windows: dict[tuple[str, object], _Window] = {}
        self._banned: dict[object, float] = {}

    async def initialize(self) -> None:
        """Nothing to make ready."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Reply]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: float | None,
    ) -> Reply:
        """Make the call when the limits allow it. Raises RetryAfter for a ban above the cap."""
        chat = data.get("chat_id")
        patience = self._cap if rate_limit_args is None else rate_limit_args
        last = _now() + patience
        while True:
            await self._ban_over(chat, last)
            passed = _passed(chat, endpoint)
            if patience <= NOW and any(self._window(*which).crowded for which in passed):
                raise RetryAfter(timedelta(seconds=1))
            async with AsyncExitStack() as stack:
                for which in passed:
                    await stack.enter_async_context(self._window(*which))
                if self._left(chat) > 0:  # banned while this call stood in the queue
                    continue
                try:
                    return await callback(*args, **kwargs)
                except RetryAfter as error:
                    self._banned[chat] = _now() + ban_seconds(error) + MARGIN
                    self._refuse_after(chat, last)

    def _left(self, chat: object) -> float:
        """Seconds until the chat's ban is over."""
        left = self._banned.get(chat, 0) - _now()
        if left <= 0:
            self._banned.pop(chat, None)
        return left

    async def _ban_over(self, chat: object, last: float) -> None:
        while (left := self._left(chat)) > 0:
            self._refuse_after(chat, last)
            await asyncio.sleep(left)

    def _refuse_after(self, chat: object, last: float) -> None:
        """Raise RetryAfter where the ban is over later than `last`."""
        if self._banned[chat] - MARGIN > last:
            raise RetryAfter(timedelta(seconds=max(1, round(self._left(chat)))))

    def _window(self, kind: str, chat: object) -> "_Window":
        """The window of this kind; remembered only while somebody is in it."""
        which = (kind, chat)
        return self._windows.get(which) or _Window(*self._limits[kind], self._windows, which)


class _Window:
    """At most `count` calls in any `seconds`, in the order in which they came.

    A place is free again `seconds` after its call has ended: the limit holds where the calls
    arrive, however long each of them is on its way.
    """

    def __init__(
        self,
        count: int,
        seconds: float,
        used: dict[tuple[str, object], "_Window"],
        which: tuple[str, object],
    ) -> None:
        self._places = asyncio.Semaphore(count)
        self._many = count // 2 if which[0] == "group" else count
        self._seconds = seconds
        self._used, self._which = used, which
        self._users = 0

    @property
    def crowded(self) -> bool:
        """True if the next call has to wait, or there are only places that are kept for others."""
        return self._users >= self._many

    async def __aenter__(self) -> None:
        self._used[self._which] = self
        self._users += 1
        try:
            await self._places.acquire()
        except asyncio.CancelledError:
            self._leave()
            raise

    async def __aexit__(self, *error: object) -> None:
        asyncio.get_running_loop().call_later(self._seconds, self._release)

    def _release(self) -> None:
        self._places.release()
        self._leave()

    def _leave(self) -> None:
        self._users -= 1
        if not self._users:
            del self._used[self._which]


def _passed(chat: object, endpoint: str) -> list[tuple[str, object]]:
    """The windows that a call must pass, the narrowest first."""
    if chat is None or not endpoint.startswith(WRITING) or endpoint in NOT_WRITING:
        return [("all", None)]
    group = [("group", chat)] if _is_group(chat) else []
    return [("chat", chat), *group, ("all", None)]


def _is_group(chat: object) -> bool:
    """Groups and channels have negative numbers, or a name."""
    return not str(chat).lstrip("+").isdigit()


def _now() -> float:
    return asyncio.get_running_loop().time()
