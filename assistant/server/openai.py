"""The client of the OpenAI chat route: vLLM, SGLang, llama.cpp, and TGI's own."""

import json
import re
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from assistant.server.client import Client
from assistant.server.errors import Incomplete, ServerError, said
from assistant.server.http import USUAL, Timeouts, Wire, load_json, told
from assistant.server.types import Finish, Limits, Message, Tokenized

# What is assumed of a server that does not say: tokens in all, and requests at a time.
CONTEXT = 4096
PLACES = 16
# Current vocabularies have tokens of more than three bytes for the words of Russian and English,
# and tokens of a single character for digits and marks.
_TOKEN = re.compile(rb"[!-@\[-`{-~]|[^!-@\[-`{-~]{1,3}")
_WHOLE = {"stop", "eos", "eos_token", "stop_sequence", "length"}
# The statuses of errors in a stream that are named by a word.
_CODES = {"context_length_exceeded": 413, "rate_limit_exceeded": 429, "invalid_api_key": 401}


class ChatClient(Client):
    """A client of POST /v1/chat/completions; `model` empty means the first that the server has."""

    def __init__(
        self, url: str, model: str, api_key: str | None = None, *, timeouts: Timeouts = USUAL
    ) -> None:
        super().__init__(url.rstrip("/").removesuffix("/v1"), api_key, timeouts)
        self._model = model

    async def health(self) -> None:
        """Return if the server can work; one without /health is asked for its models."""
        status, answer = await self._wire.ask("health")
        if status in (404, 405):
            status, answer = await self._wire.ask("v1/models")
        if status != 200:
            raise self._wire.refused(status, answer)

    async def tokenize(self, text: str) -> Tokenized:
        """An estimate, rather too high: a token for every digit and mark, or three other bytes."""
        spans = tuple(match.span() for match in _TOKEN.finditer(text.encode()))
        return Tokenized((0,) * len(spans), spans, exact=False)

    def stream(
        self, messages: Sequence[Message], max_new_tokens: int
    ) -> AsyncGenerator[str | Finish, None]:
        """Yield the answer's text as it comes, then one Finish."""

        def body(limits: Limits) -> bytes:
            return _body(limits.model, messages, max_new_tokens)

        return self._answer("v1/chat/completions", body, ChunkParser(self._wire))

    async def _ask_limits(self) -> Limits:
        models = await self._models()
        names = [str(model.get("id", "")) for model in models]
        name = self._model or next(iter(names), "")
        if not name:
            raise self._wire.strange("/v1/models names no model")
        chosen = models[names.index(name)] if name in names else {}
        total = _size(chosen.get("max_model_len")) or await self._context() or CONTEXT
        return Limits(name, total - 1, total, PLACES)

    async def _models(self) -> list[dict[str, Any]]:
        listed = await self._wire.json("v1/models")
        models = listed.get("data") if isinstance(listed, dict) else None
        if not isinstance(models, list):
            raise self._wire.strange("/v1/models gives no list")
        return [model for model in models if isinstance(model, dict)]

    async def _context(self) -> int | None:
        """The size of the context as llama.cpp tells it."""
        _, answer = await self._wire.ask("props")
        try:
            properties = load_json(answer)
            return _size(properties["default_generation_settings"]["n_ctx"])
        except (ValueError, KeyError, TypeError):
            return None


class ChunkParser:
    """Reads the chunks of a streamed chat; whole only with a finish_reason."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._reason = ""
        self._usage: dict[str, Any] = {}
        self.tokens = 0
        self.done = False

    @property
    def finish(self) -> Finish | None:
        """The end, once the server has given its reason."""
        if not self._reason:
            return None
        tokens = _size(self._usage.get("completion_tokens")) or self.tokens
        given = _size(self._usage.get("prompt_tokens"))
        return Finish("length" if self._reason == "length" else "stop", tokens, given)

    def read(self, payload: bytes) -> str:
        """The text of a chunk; none for the first, the last and the one with the usage."""
        if payload == b"[DONE]":
            self.done = True
            return ""
        try:
            chunk = load_json(payload)
            if chunk.get("error") or chunk.get("object") == "error":
                raise self._error(chunk)
            self._usage = dict(chunk.get("usage") or self._usage)
            choice = next(iter(chunk["choices"]), None)
            return self._text(choice) if choice else ""
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._wire.strange("an event of the answer is no chunk of a chat") from None

    def _text(self, choice: dict[str, Any]) -> str:
        reason = choice.get("finish_reason") or ""
        if reason and reason not in _WHOLE:
            raise Incomplete(f"the model server broke the answer off: {said(str(reason), None)}")
        self._reason = reason or self._reason
        text = (choice["delta"] or {}).get("content") or ""
        self.tokens += bool(text)
        return str(text)

    def _error(self, chunk: dict[str, Any]) -> ServerError:
        error = chunk.get("error") or chunk
        named = error if isinstance(error, dict) else {}
        code = named.get("http_status_code") or named.get("code")
        return self._wire.refusal(_size(code) or _CODES.get(str(code), 500), told(chunk))


def _body(model: str, messages: Sequence[Message], max_new_tokens: int) -> bytes:
    """A greedy request. Without a temperature servers sample; TGI rejects a top_p of 1."""
    body = {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "max_tokens": max_new_tokens,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
