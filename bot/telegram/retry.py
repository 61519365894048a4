"""What may be tried again after a failure, by the effect that a second call would have."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram.error import BadRequest, InvalidToken, NetworkError
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)

from bot.telegram.route import NOT_SENT

T = TypeVar("T")
Call = Callable[[], Awaitable[T]]
log = logging.getLogger(__name__)

ATTEMPTS = 4
SECONDS = 60
PAUSE = 0.5
LONGEST_PAUSE = 8


async def once(call: Call[T], pause: float = PAUSE) -> T:
    """Make a call that must not happen twice: tried again only where it was surely not executed.

    `pause` is the upper bound of the first pause, in seconds; it doubles up to 8 s. Four attempts
    within a minute; then the last error is raised. RetryAfter is the rate limiter's business.
    """
    return await _tried(call, refused, pause)


async def again(call: Call[T], pause: float = PAUSE) -> T:
    """Make a call whose repetition changes nothing: tried again after any failure on the way."""
    return await _tried(call, _on_the_way, pause)


def refused(error: BaseException) -> bool:
    """True for a failure that may pass and left no trace at Telegram.

    A 401 or 404 is one: a proxy's hiccup looks the same as a wrong token, and executes nothing.
    """
    return isinstance(error, InvalidToken) or isinstance(error.__cause__, NOT_SENT)


def _on_the_way(error: BaseException) -> bool:
    """True for any failure of the network or the server; BadRequest is a NetworkError in name."""
    return refused(error) or (isinstance(error, NetworkError) and not isinstance(error, BadRequest))


async def _tried(call: Call[T], may_pass: Callable[[BaseException], bool], pause: float) -> T:
    async def attempt() -> T:  # tenacity awaits what is declared with async, nothing else
        return await call()

    policy = AsyncRetrying(
        retry=retry_if_exception(may_pass),
        wait=wait_random_exponential(multiplier=pause, max=LONGEST_PAUSE),
        stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(SECONDS),
        before_sleep=_note,
        reraise=True,
    )
    return await policy(attempt)


def _note(state: RetryCallState) -> None:
    """Name the error by its class: the text of InvalidToken holds the token."""
    error = state.outcome.exception() if state.outcome else None
    cause = f" ({type(error.__cause__).__name__})" if error and error.__cause__ else ""
    log.warning("attempt %d: %s%s", state.attempt_number, type(error).__name__, cause)
