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
from urllib.parse import urlsplit

import httpx

from bot.telegram.route import SETTING, Attempt, Route

TELEGRAM = "api.telegram.org"
ADDRESS = "OPSCTL_TELEGRAM_API_URL"
RESTART = "then opsctl restart"
# How OpenSSL calls plain text where it waits for TLS, by its versions.
NO_TLS = ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
AGAINST_CLOCK = (9, 10)  # OpenSSL's X509_V_ERR: not yet valid, expired
TIMES_OUT = (httpx.TimeoutException, TimeoutError)
IS_CUT = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
NO_PASSWORD = ("407", "Requested", "Invalid username")  # how httpcore says it
_SAID = re.compile(r"(^\d{3}\b.{0,40})|could not connect: (.{0,60}?)\.?$")


@dataclass(frozen=True)
class Diagnosis:
    """A cause by its name, which stays the same for programs; the sentence and the fix."""

    cause: str
    sentence: str
    fix: str

    def __str__(self) -> str:
        return f"{self.sentence}; {self.fix}"


def from_reply(
    code: int, reply: bytes, host: str, token_place: str = "the token"
) -> Diagnosis | None:
    """What a reply says of the line; None for one that says that it is well."""
    if code == 200 and reply.startswith(b'{"ok":'):
        return None
    said = _description(reply)
    if code == 409 and "webhook" in (said or ""):
        return Diagnosis(
            "webhook",
            "a webhook is set for this bot, so Telegram gives it no messages",
            "the bot deletes it; where it comes back, end the program that sets it",
        )
    if code == 409:
        return Diagnosis(
            "conflict",
            "another program answers as this bot: Telegram lets only one of them listen",
            "stop the other one, or get a new token from @BotFather",
        )
    if code in (401, 404) and said is not None:
        return Diagnosis(
            "token",
            "Telegram does not accept the bot's token",
            f"compare {token_place} with what @BotFather says",
        )
    if code >= 500:
        return Diagnosis(
            "busy",
            f"{host} is busy or broken now ({code})",
            "it may pass by itself: opsctl status",
        )
    if said is None:
        return Diagnosis(
            "foreign",
            f"{host} answers, but not as the Bot API ({code})",
            f"see {ADDRESS}, and that no login page is in between",
        )
    return None


def from_error(error: BaseException, host: str, worked: bool) -> Diagnosis:
    """Why a request had no reply; `worked`: not long ago it had one."""
    attempt, errors = _attempt(error), tuple(_chain(error))
    route = attempt.route if attempt else Route()
    if attempt and not attempt.passed and not attempt.sent:
        return _of_proxy(route, errors, host)
    if _find(errors, ssl.SSLCertVerificationError):
        return _certificate(errors, host)
    if not route.proxy and (found := _direct(errors, host, worked)):
        return found
    if any(isinstance(e, ssl.SSLError) and e.reason in NO_TLS for e in errors):
        fix = _way_out(host)
        if not _is_telegram(host):
            fix = f"write http:// into {ADDRESS}, or fix its TLS, {RESTART}"
        return Diagnosis("no tls", f"{host} speaks no TLS: is it http://?", fix)
    by, out = "", _way_out(host)
    if route.proxy:
        by, out = f" by the proxy {route.place}", f"another proxy may do it: {_corrected(route)}"
    if _find(errors, TIMES_OUT):
        return Diagnosis("timeout", f"{host} does not answer in time{by}", out)
    reason = next((e.strerror for e in errors if isinstance(e, OSError) and e.errno), None)
    if reason and not _find(errors, ConnectionResetError):
        return Diagnosis("unreachable", f"no way to {host}{by} ({reason})", out)
    if _find(errors, IS_CUT):
        return Diagnosis("reset", f"the connection to {host}{by} is broken off", out)
    return Diagnosis(
        "unknown", f"no answer from {host} ({type(errors[-1]).__name__})", "opsctl logs"
    )


def _direct(errors: tuple[BaseException, ...], host: str, worked: bool) -> Diagnosis | None:
    """What is told of the direct route alone."""
    if _find(errors, socket.gaierror):
        name = urlsplit(f"//{host}").hostname
        fix = f"getent hosts {name}; where it alone is hidden: {SETTING} in .env"
        if not _is_telegram(host):
            fix = f"getent hosts {name}; if it is misspelt: correct {ADDRESS}, {RESTART}"
        return Diagnosis("dns", f"the name {name} cannot be found: no network, or no DNS", fix)
    if _find(errors, ConnectionRefusedError):
        return Diagnosis(
            "refused", f"nothing listens at {host} (connection refused)", _way_out(host)
        )
    if _is_telegram(host) and not worked and _find(errors, IS_CUT):
        return Diagnosis(
            "blocked",
            f"{host} does not answer, though its name is found: it seems to be blocked here",
            f"set {SETTING} in .env, {RESTART}",
        )
    return None


def _of_proxy(route: Route, errors: tuple[BaseException, ...], host: str) -> Diagnosis:
    name, kind = f"the proxy {route.place}", route.proxy.partition(":")[0]
    correct = _corrected(route)
    said = next((str(error) for error in errors if isinstance(error, httpx.ProxyError)), "")
    if said.startswith(NO_PASSWORD):
        sentence = f"{name} wants a name and a password, or others"
        return Diagnosis("proxy password", sentence, f"put them before the host: {correct}")
    if said:
        found = _SAID.search(said)
        why = f" ({found[1] or found[2]})" if found else ""
        sentence = f"{name} does not connect to {host}{why}"
        return Diagnosis("proxy refuses", sentence, f"ask who runs it, or another one: {correct}")
    if _find(errors, socket.gaierror):
        return Diagnosis("proxy dns", f"the name of {name} cannot be found", correct)
    if _find(errors, ConnectionRefusedError):
        sentence = f"{name} does not run: nothing listens there (connection refused)"
        return Diagnosis("proxy refused", sentence, f"start it, or: {correct}")
    if _find(errors, ssl.SSLCertVerificationError):
        return _certificate(errors, name)
    if _find(errors, TIMES_OUT):
        return Diagnosis("proxy timeout", f"{name} does not answer in time", correct)
    return Diagnosis("proxy broken", f"{name} breaks off: is it one of {kind}://?", correct)


def _certificate(errors: tuple[BaseException, ...], who: str) -> Diagnosis:
    found = _find(errors, ssl.SSLCertVerificationError)
    assert isinstance(found, ssl.SSLCertVerificationError)
    if found.verify_code in AGAINST_CLOCK:
        return Diagnosis(
            "clock",
            f"the certificate of {who} is not valid at {time.strftime('%Y-%m-%d %H:%M')},"
            " which this machine's clock shows",
            "set the clock (timedatectl); if it is right, somebody is in between",
        )
    return Diagnosis(
        "certificate",
        f"{who} shows a certificate that is not trusted: {found.verify_message}",
        f"somebody may be in between: {SETTING} in .env; one of your own: SSL_CERT_FILE",
    )


def _corrected(route: Route) -> str:
    place = "in .env" if route.origin == SETTING else "of the environment"
    return f"correct {route.origin} {place}, {RESTART}"


def _way_out(host: str) -> str:
    if _is_telegram(host):
        return f"look at the network, or set {SETTING} in .env"
    return f"see that it runs; its address is {ADDRESS}"


def _is_telegram(host: str) -> bool:
    return host.partition(":")[0] == TELEGRAM


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
