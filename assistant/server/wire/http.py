"""The connection to a model server: one session, its limits of time, and errors as our own."""

import asyncio
import errno
import json
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from assistant.server.errors import (
    BadReply,
    Deadline,
    Incomplete,
    Refused,
    ServerDown,
    ServerError,
    refusal,
    said,
)
from assistant.server.wire.sse import MOST_BYTES
from core.errors import UsageError

NOT_SECURE = "if it speaks no TLS, let OPSCTL_SERVER_URL in .env begin with http://"
CERTIFICATE = "export SSL_CERT_FILE=FILE with the certificate of the authority that signed it"
_JSON = {"Content-Type": "application/json"}
_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body)\b.*?(<title>([^<]*)</title>|\Z)", re.I | re.S)


@dataclass(frozen=True)
class Timeouts:
    """Limits of time, in seconds.

    Before the first word a server may be silent up to the deadline: it has a queue, or a long
    prompt and no GPU. Every `look` seconds without a byte it is asked whether it lives. After that
    word `silence` without an event is the end: comments do not count, which TGI's router sends for
    a shard that hangs. `busy` and `refused` say how long a request without a place, or a server, is
    tried again.
    """

    connect: float = 5
    look: float = 20
    silence: float = 60
    short: float = 10
    deadline: float = 300
    busy: float = 120
    refused: float = 5


USUAL = Timeouts()


class Wire:
    """Sends requests to one server and raises only ServerError; one pool of connections."""

    def __init__(self, url: str, api_key: str | None, timeouts: Timeouts) -> None:
        self._base = _parse(url)
        self.shown = str(self._base.with_user(None)).rstrip("/")
        self.timeouts = timeouts
        self._secret = api_key or None
        self._headers = _authorization(self._secret)
        if self._secret:
            self._base = self._base.with_user(None)
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Close every connection; the next request would open new ones."""
        session, self._session = self._session, None
        if session:
            await session.close()

    async def ask(self, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """A whole exchange with a small route (POST where there is a body): status, answer."""
        seconds = self.timeouts.short
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(path, body)
        except TimeoutError as error:
            raise ServerDown(f"{self.shown} does not answer within {seconds:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            if is_closed(error):
                raise self.closed() from error
            raise ServerDown(f"{self.shown} broke the connection off") from error

    async def _exchange(self, path: str, body: bytes | None) -> tuple[int, bytes]:
        response = await self.request(path, body)
        try:
            return response.status, await self.whole(response)
        finally:
            response.close()

    async def whole(self, response: aiohttp.ClientResponse) -> bytes:
        """The body of a small answer; raises BadReply for an endless one."""
        try:
            await response.content.readexactly(MOST_BYTES)
        except asyncio.IncompleteReadError as ended:
            return ended.partial
        raise self.strange(f"it sends over {MOST_BYTES} bytes")

    async def json(self, path: str, body: bytes | None = None) -> Any:
        """The answer of a small route that gives JSON; raises for any status but 200."""
        return self.parsed(path, *await self.ask(path, body))

    def parsed(self, path: str, status: int, answer: bytes) -> Any:
        """The JSON of an answer; raises for any status but 200."""
        if status != 200:
            raise self.refused(status, answer)
        try:
            return load_json(answer)
        except ValueError:
            page = _PAGE.match(answer.decode("utf-8", "replace"))
            raise self.strange(f"{path} returned {'a web page' if page else 'no JSON'}") from None

    async def request(self, path: str, body: bytes | None) -> aiohttp.ClientResponse:
        """A response with its body still to be read; the caller limits the time.

        Close it: before its end that closes the connection, which is what the server sees.
        Raises ServerDown, BadReply for a redirect, and for a connection that was made and failed,
        what aiohttp raises.
        """
        response = await self._requested(path, body)
        if 300 <= response.status < 400:
            response.close()
            raise self._elsewhere(response)
        return response

    async def _requested(self, path: str, body: bytes | None) -> aiohttp.ClientResponse:
        try:
            return await self._open_session().request(
                "GET" if body is None else "POST",
                self._base / path,
                data=body,
                headers=_JSON if body is not None else None,
                timeout=aiohttp.ClientTimeout(total=None, connect=self.timeouts.connect),
                allow_redirects=False,
            )
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            raise self._unreached(error) from error
        except aiohttp.ClientResponseError as error:
            raise self.strange("it does not speak HTTP") from error

    def refused(self, status: int, answer: bytes) -> ServerError:
        """The error that a body means, whether it is TGI's JSON, OpenAI's, a text or empty."""
        text: object = answer.decode("utf-8", "replace")
        with suppress(ValueError):
            payload = load_json(answer)
            text = (isinstance(payload, dict) and told(payload)) or text
        return self.refusal(status, _of_page(str(text)))

    def refusal(self, status: int, text: str) -> ServerError:
        """The error for a status and what the server said."""
        return refusal(status, said(text, self._secret))

    def strange(self, what: str) -> BadReply:
        """The error of an answer that this server should not give."""
        return BadReply(f"{self.shown} does not answer as expected: {said(what, self._secret)}")

    def _elsewhere(self, response: aiohttp.ClientResponse) -> BadReply:
        """The error of an address that sends everybody to another one."""
        to = response.headers.get("Location", "")
        with suppress(ValueError):
            to = str(URL(to).with_user(None).with_query(None))
        error = self.strange(f"it redirects to {to or 'no address'}")
        error.hint = "set OPSCTL_SERVER_URL in .env to the address where the server itself answers"
        return error

    def silent(self) -> Incomplete:
        """The error of a server that sends nothing any more."""
        silence = self.timeouts.silence
        return Incomplete(f"the model server at {self.shown} fell silent for {silence:g} s")

    def closed(self) -> Refused:
        """The error of a port that takes a connection and closes it, as Docker's proxy does."""
        return Refused(f"{self.shown} accepts connections and closes them: it starts or stops")

    def cut(self, begun: bool = True) -> Incomplete:
        """The error of a connection that ended in the middle of an answer, or before its start."""
        place = "in the middle of the answer" if begun else "before the answer began"
        return Incomplete(f"the connection to {self.shown} was cut {place}")

    def _unreached(self, error: aiohttp.ClientError) -> ServerError:
        """The error of a connection that was never made."""
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            seconds = self.timeouts.connect
            secure = " secure" if self._base.scheme == "https" else ""
            sentence = f"{self.shown} accepts no{secure} connection within {seconds:g} s"
            return ServerDown(sentence, NOT_SECURE if secure else "")
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            hint = "set OPSCTL_SERVER_URL in .env to the address of the model server"
            return ServerDown(f"there is no host {self._base.host}", hint)
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            why = getattr(error.certificate_error, "verify_message", "") or "it is not trusted"
            return ServerDown(f"the certificate of {self.shown} is refused: {why}", CERTIFICATE)
        if isinstance(error, aiohttp.ClientSSLError) or (
            self._base.scheme == "https" and is_closed(error)
        ):
            return ServerDown(f"no secure connection to {self.shown}: https or http?", NOT_SECURE)
        cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
        if isinstance(cause, ConnectionRefusedError):
            return Refused(f"no model server listens at {self.shown}")
        reason = said((cause and cause.strerror) or str(error), self._secret)
        return ServerDown(f"{self.shown} cannot be reached ({reason})")

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Our own limiter says how many connections there are.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), headers=self._headers
            )
        return self._session


def load_json(data: bytes) -> Any:
    """The value that JSON stands for; raises ValueError, also where it is nested too deep."""
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("JSON that is nested too deep") from None


def told(payload: dict[str, Any]) -> str:
    """What an error says, with its code if that is a word: TGI's, OpenAI's, or vLLM's old form."""
    inner = payload.get("error") or payload.get("detail") or payload
    if not isinstance(inner, dict):
        return inner if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False)
    message, code = inner.get("message") or "", inner.get("code")
    return f"{message} ({code})" if isinstance(code, str) else str(message)


def is_closed(error: Exception) -> bool:
    """Tell whether a connection was taken and closed before a word of an answer."""
    kinds = (aiohttp.ServerDisconnectedError, ConnectionResetError)
    return isinstance(error, kinds) or getattr(error, "errno", None) == errno.ECONNRESET


def _of_page(text: str) -> str:
    """A text; of a web page, which a proxy or another program sends, that it is one."""
    page = _PAGE.match(text)
    if not page:
        return text
    return f"a web page, “{page[2].strip()}”" if page[2] else "a web page"


def seconds_until(ends: float) -> float:
    """Seconds to a moment of time.monotonic(); 1 ms when it is over."""
    return max(ends - time.monotonic(), 0.001)


def late() -> Deadline:
    """The error of an answer that took all the time that it may take."""
    return Deadline("the answer was not complete within the time that it may take")


def _parse(url: str) -> URL:
    try:
        parsed = URL(url)
        valid = parsed.scheme in ("http", "https") and bool(parsed.host)
    except ValueError:
        valid = False
    if not valid:
        hint = "OPSCTL_SERVER_URL should look like http://127.0.0.1:8080"
        raise UsageError("the address of the model server is not a web address", hint)
    return parsed.with_query(None).with_fragment(None)


def _authorization(secret: str | None) -> dict[str, str]:
    if secret is None:
        return {}
    if not (secret.isascii() and secret.isprintable()):
        raise UsageError("OPSCTL_API_KEY has characters that no key has", "type it again")
    return {"Authorization": f"Bearer {secret}"}
