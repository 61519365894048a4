"""Why Telegram is not reached: the cause, in one sentence, and what mends it.

Log, /healthz, `opsctl start`, `status` and `doctor` all tell it in these words.
"""

import json
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from bot.transport.ways import SETTING, Attempt, Way

TELEGRAM = "api.telegram.org"
RESTART = "then opsctl restart"
AGAINST_CLOCK = (9, 10)  # OpenSSL's X509_V_ERR: not yet valid, expired
_SAID = re.compile(r"(\d{3}\b.{0,40}|could not connect: .{0,60})")


@dataclass(frozen=True)
class Trouble:
    """A cause by its name, which stays the same for programs; the sentence and the fix."""

    cause: str
    sentence: str
    fix: str

    def __str__(self) -> str:
        return f"{self.sentence} ({self.fix})"


def of_reply(code: int, reply: bytes, host: str) -> Trouble | None:
    """What a reply says of the line; None for one that says that it is well."""
    said = _description(reply)
    if code == 409 and "webhook" in (said or ""):
        return Trouble(
            "webhook",
            "a webhook is set for this bot, so Telegram gives it no messages",
            "the bot deletes it; where it comes back, end the program that sets it",
        )
    if code == 409:
        return Trouble(
            "conflict",
            "another program answers as this bot: Telegram lets only one of them listen",
            "stop the other one, or get a new token from @BotFather",
        )
    if code in (401, 404) and said is not None:
        return Trouble(
            "token",
            "Telegram does not accept the bot's token",
            "compare telegram_token.txt with what @BotFather says",
        )
    if code >= 500:
        return Trouble("busy", f"{host} is busy or broken now ({code})", "opsctl status, later")
    if said is None:
        return Trouble(
            "foreign",
            f"{host} answers, but not as the Bot API ({code})",
            "see OPSCTL_TELEGRAM_API_URL, and that no login page is in between",
        )
    return None


def of_error(error: BaseException, host: str, worked: bool) -> Trouble:
    """Why a request had no reply; `worked`: not long ago it had one."""
    attempt = _attempt(error)
    errors = tuple(_chain(error))
    if attempt and attempt.way.proxy and not attempt.passed and not attempt.sent:
        return _of_proxy(attempt, errors, host)
    if _find(errors, ssl.SSLCertVerificationError):
        return _certificate(errors, host)
    direct = attempt is None or not attempt.way.proxy
    if direct and _find(errors, socket.gaierror):
        return Trouble(
            "dns",
            f"the name {host} can not be found: no network, or no DNS",
            f"getent hosts {host}; where it alone is hidden: {SETTING} in .env",
        )
    if direct and _find(errors, ConnectionRefusedError):
        return Trouble("refused", f"nothing listens at {host} (connection refused)", _way_out(host))
    if direct and host == TELEGRAM and not worked and _is_cut(errors):
        return Trouble(
            "blocked",
            f"{host} does not answer, though its name is found: it seems to be blocked here",
            f"set {SETTING} in .env, {RESTART}",
        )
    by = f" by the proxy {attempt.way.place}" if attempt and attempt.way.proxy else ""
    if _find(errors, (httpx.TimeoutException, TimeoutError)):
        return Trouble("timeout", f"{host} does not answer in time{by}", _way_out(host))
    if reason := next((e.strerror for e in errors if isinstance(e, OSError) and e.errno), None):
        cause = "reset" if _find(errors, ConnectionResetError) else "unreachable"
        return Trouble(cause, f"no connection to {host}{by} ({reason})", _way_out(host))
    if _is_cut(errors):
        return Trouble("reset", f"the connection to {host}{by} is broken off", _way_out(host))
    return Trouble("unknown", f"no answer from {host} ({type(errors[-1]).__name__})", "opsctl logs")


def _of_proxy(attempt: Attempt, errors: tuple[BaseException, ...], host: str) -> Trouble:
    way, name = attempt.way, f"the proxy {attempt.way.place}"
    said = next((str(error) for error in errors if isinstance(error, httpx.ProxyError)), "")
    if said.startswith(("407", "Requested", "Invalid username")):
        return Trouble(
            "proxy password", f"{name} wants a password, or another one", _corrected(way, True)
        )
    if said:
        found = _SAID.search(said)
        why = f" ({found[1].removeprefix('could not connect: ').rstrip('.')})" if found else ""
        return Trouble(
            "proxy refuses",
            f"{name} does not connect to {host}{why}",
            "ask who runs it, or give another one: " + _corrected(way),
        )
    if _find(errors, socket.gaierror):
        return Trouble("proxy dns", f"the name of {name} can not be found", _corrected(way))
    if _find(errors, ConnectionRefusedError):
        return Trouble(
            "proxy refused",
            f"{name} does not run: nothing listens there (connection refused)",
            "start it, or: " + _corrected(way),
        )
    if _find(errors, ssl.SSLCertVerificationError):
        return _certificate(errors, name)
    if _find(errors, (httpx.TimeoutException, TimeoutError)):
        return Trouble("proxy timeout", f"{name} does not answer in time", _corrected(way))
    kind = way.proxy.partition(":")[0]
    return Trouble(
        "proxy broken", f"{name} breaks off: is it one of the kind {kind}://?", _corrected(way)
    )


def _certificate(errors: tuple[BaseException, ...], who: str) -> Trouble:
    found = _find(errors, ssl.SSLCertVerificationError)
    assert isinstance(found, ssl.SSLCertVerificationError)
    if found.verify_code in AGAINST_CLOCK:
        return Trouble(
            "clock",
            f"the certificate of {who} is not valid at {time.strftime('%Y-%m-%d %H:%M')},"
            " which this machine's clock shows",
            "set the clock (timedatectl); if it is right, somebody is in between",
        )
    return Trouble(
        "certificate",
        f"{who} shows a certificate that is not trusted: {found.verify_message}",
        f"somebody may be in between: {SETTING} in .env; one of your own: SSL_CERT_FILE",
    )


def _corrected(way: Way, password: bool = False) -> str:
    if password and way.origin == SETTING:
        kind = way.proxy.partition(":")[0]
        return f"{SETTING}={kind}://NAME:PASSWORD@{way.place} in .env, {RESTART}"
    place = "in .env, " if way.origin == SETTING else "of the environment, "
    return f"correct {way.origin} {place}{RESTART}"


def _way_out(host: str) -> str:
    if host == TELEGRAM:
        return f"look at the network, or set {SETTING} in .env"
    return "see that it runs; its address is OPSCTL_TELEGRAM_API_URL"


def _attempt(error: BaseException) -> Attempt | None:
    for one in _chain(error):
        if isinstance(one, httpx.RequestError):
            with suppress(RuntimeError):  # one of those behind it has no request
                attempt: Attempt | None = one.request.extensions.get("attempt")
                return attempt
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came from, also where several addresses were tried."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _chain(one)
        error = error.__cause__ or error.__context__


def _find(errors: tuple[BaseException, ...], kinds: Any) -> BaseException | None:
    return next((error for error in errors if isinstance(error, kinds)), None)


def _is_cut(errors: tuple[BaseException, ...]) -> bool:
    kinds = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
    return _find(errors, kinds) is not None


def _description(reply: bytes) -> str | None:
    """Telegram's own words in a reply, "" for a good one; None where it is not Telegram's."""
    if not reply.lstrip().startswith(b"{"):
        return None
    try:
        found = json.loads(reply) if len(reply) < 10_000 else {"ok": True}
    except ValueError:
        return None
    if not isinstance(found, dict) or "ok" not in found:
        return None
    return str(found.get("description", ""))
