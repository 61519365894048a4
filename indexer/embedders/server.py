"""Vectors from a server that speaks OpenAI's /v1/embeddings: vLLM, TEI, llama.cpp, Ollama."""

import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from core.errors import UserError
from core.text import printable
from indexer.embedders.base import Matrix, sound
from indexer.embedders.prompts import prompts_of
from indexer.models import SERVER, WORDS_ALONE

if TYPE_CHECKING:
    import httpx
    from tenacity import Retrying

_BATCH = 32
_CONNECT = 5  # seconds
_MORE = 10  # times the patience for a question, for a batch of passages
_TIMES = 4
_LONG = re.compile(r"too (large|long)|context length|maximum|max_position", re.IGNORECASE).search
_BUSY = {429, 502, 503, 504}


@dataclass(frozen=True)
class EmbedderServer:
    """Where it is, its key, and the model to ask for; none: the first that it lists."""

    url: str
    key: str = field(default="", repr=False)
    model: str = ""
    seconds: float = 30  # of patience with a text


class ServerEmbedder:
    """One model of such a server; texts are sent in batches, and again where it is busy."""

    revision = ""  # the protocol names none

    def __init__(self, server: EmbedderServer, weight: float | None = None) -> None:
        self.weight = weight
        self._server = server
        self._base = server.url.rstrip("/").removesuffix("/v1")
        self._client = _client(server)
        self._model = server.model or self._first_model()
        self.name = f"{SERVER}:{self._model}"
        self._prompts = prompts_of(self._model)
        self.dimension = 0
        self.dimension = self._batch(["a"], server.seconds).shape[1]

    def knows(self, text: str) -> bool:
        """The server does not say what it knows."""
        return True

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), dimension), unit rows; raises UserError as the server's answer is."""
        return self._encode(texts, self._prompts.passage, _MORE * self._server.seconds)

    def encode_query(self, texts: Sequence[str]) -> Matrix:
        """The same with the prompt of a question, and less patience."""
        return self._encode(texts, self._prompts.query, self._server.seconds)

    def _encode(self, texts: Sequence[str], prompt: str, seconds: float) -> Matrix:
        whole = [prompt + text for text in texts]
        starts = range(0, len(whole), _BATCH)
        rows = [self._batch(whole[at : at + _BATCH], seconds) for at in starts]
        return np.concatenate(rows) if rows else np.zeros((0, self.dimension), dtype=np.float32)

    def _batch(self, texts: list[str], seconds: float) -> Matrix:
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        body = {"model": self._model, "input": clean, "encoding_format": "float"}
        answer = self._ask("POST", "/v1/embeddings", seconds, body)
        try:
            rows = sorted(answer["data"], key=lambda row: row["index"])
            matrix = np.array([row["embedding"] for row in rows], dtype=np.float32)
            whole = matrix.ndim == 2 and len(matrix) == len(texts) and matrix.shape[1] > 0
        except (TypeError, KeyError, ValueError):
            whole = False
        if not whole:
            raise self._error("does not answer with one vector a text")
        if self.dimension and matrix.shape[1] != self.dimension:
            what = f"gives {matrix.shape[1]} numbers a text, and gave {self.dimension} before"
            raise self._error(what, "opsctl reindex --rebuild")
        return sound(matrix, self.name)

    def _first_model(self) -> str:
        try:
            return str(self._ask("GET", "/v1/models", self._server.seconds)["data"][0]["id"])
        except (TypeError, KeyError, IndexError):
            raise self._error("lists no model", "OPSCTL_EMBEDDER=NAME says which") from None

    def _ask(self, method: str, path: str, seconds: float, body: object = None) -> Any:
        """The JSON of an answer; raises UserError for everything else."""
        import httpx

        timeout = httpx.Timeout(seconds, connect=min(_CONNECT, seconds))
        try:
            answer = self._in_time(
                lambda client: client.request(
                    method, self._base + path, json=body, timeout=timeout
                ),
                seconds,
            )
        except httpx.TimeoutException:
            raise self._error(f"does not answer within {seconds:g} s") from None
        except httpx.HTTPError as error:
            raise self._error(f"cannot be reached ({error})") from None
        if answer.status_code != 200:
            raise self._refusal(answer, path)
        try:
            return answer.json()
        except ValueError:
            raise self._error("does not answer in JSON") from None

    def _in_time(
        self, send: "Callable[[httpx.Client], httpx.Response]", seconds: float
    ) -> "httpx.Response":
        """The whole answer; a server that sends a byte now and then is not waited for longer."""
        import httpx

        client, patiently = self._client, _patience(seconds)
        asked = Future[httpx.Response]()

        def ask() -> None:
            try:
                asked.set_result(patiently(send, client))
            except BaseException as error:
                asked.set_exception(error)

        Thread(target=ask, daemon=True).start()
        try:
            return asked.result(seconds)
        except TimeoutError:
            self._client = _client(self._server)
            client.close()  # which ends the thread
            raise httpx.ReadTimeout("") from None

    def _refusal(self, answer: "httpx.Response", path: str) -> UserError:
        status = answer.status_code
        if status in (401, 403):
            return self._error("wants another key", "set it: OPSCTL_EMBEDDER_KEY")
        if status == 404 and path.endswith("embeddings") and not _said(answer):
            return self._error(f"has no {path}", "give the address of one that embeds")
        said = _said(answer)
        if self._server.key:
            said = said.replace(self._server.key, "********")
        hint = "opsctl reindex --rebuild with a smaller OPSCTL_CHUNK_TOKENS" if _LONG(said) else ""
        return self._error(f"refuses: {status} {printable(said)[:300]}".rstrip(), hint)

    def _error(self, what: str, hint: str = "") -> UserError:
        start = f"start it, or correct OPSCTL_EMBEDDER_URL, or {WORDS_ALONE}"
        return UserError(f"the embedding server {self._base} {what}", hint or start)


def _client(server: EmbedderServer) -> "httpx.Client":
    import httpx

    headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
    return httpx.Client(headers=headers, trust_env=not _is_here(server.url))


def _patience(seconds: float) -> "Retrying":
    """What sends a request again while the server is away or busy."""
    import httpx
    from tenacity import (
        Retrying,
        retry_if_exception_type,
        retry_if_result,
        stop_after_attempt,
        stop_after_delay,
        wait_exponential,
    )

    away = retry_if_exception_type((httpx.ConnectError, httpx.RemoteProtocolError))
    return Retrying(
        retry=away | retry_if_result(lambda answer: answer.status_code in _BUSY),
        stop=stop_after_attempt(_TIMES) | stop_after_delay(seconds),
        wait=wait_exponential(multiplier=0.2, max=4),
        retry_error_callback=lambda state: state.outcome and state.outcome.result(),
    )


def _is_here(url: str) -> bool:
    """Tell this machine's own addresses, to which no proxy leads."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _said(answer: "httpx.Response") -> str:
    """What a server says of its refusal, in OpenAI's JSON, another or plain text."""
    try:
        told = json.loads(answer.text)
        error = told.get("error", told)
        return str(error.get("message", error) if isinstance(error, dict) else error)
    except (ValueError, AttributeError):
        return "" if "<" in answer.text[:200] else answer.text.strip()
