"""The client of the OpenAI chat route: vLLM, SGLang, llama.cpp, LM Studio, TGI's own."""

import json
import re
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from assistant.server.client import Client
from assistant.server.errors import (
    BadReply,
    BadRequest,
    GenerationFailed,
    Incomplete,
    ServerError,
    UnknownModel,
    said,
    takes_no_system,
)
from assistant.server.types import (
    Finish,
    Limits,
    Message,
    Reason,
    Tokenized,
    without_system,
)
from assistant.server.wire.http import USUAL, Timeouts, Wire, load_json, told

# What is assumed of a server that does not say: tokens in all, and requests at a time.
CONTEXT = 4096
PLACES = 16
# Current vocabularies have tokens of more than three bytes for the words of Russian and English,
# and tokens of a single character for digits and marks.
_TOKEN = re.compile(rb"[!-@\[-`{-~]|[^!-@\[-`{-~]{1,3}")
# Servers do not agree on the words for an end: all but these mean that the answer is whole.
_LENGTH = {"length", "max_tokens", "model_length"}
_BROKEN = {"abort", "aborted", "cancelled", "content_filter", "error"}
# What a server may refuse in a request and an answer can do without.
_OPTIONAL = ("stream_options", "temperature")
# An address as people copy it: with the version of the API, and with the route itself.
_ADDRESS = re.compile(r"(?:/(v\d\w*))?(?:/chat/completions)?/*\Z")
NAMED = 5  # models that an error names
# The statuses of errors in a stream that are named by a word.
_CODES = {"context_length_exceeded": 413, "rate_limit_exceeded": 429, "invalid_api_key": 401}


class ChatClient(Client):
    """A client of POST /v1/chat/completions; `model` empty means the first that the server has.

    `fields` are what the body of each question has besides.
    """

    def __init__(
        self,
        url: str,
        model: str,
        api_key: str | None = None,
        *,
        timeouts: Timeouts = USUAL,
        is_ours: bool = False,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        end = _ADDRESS.search(url)
        assert end
        super().__init__(url[: end.start()], api_key, timeouts, is_ours)
        self._version = end[1] or "v1"
        self._model = model
        self._fields = fields or {}
        self._names: list[str] = []
        self._listed: tuple[int, bytes] | None = None  # with the health, for the limits
        self._refused: set[str] = set()  # fields
        self._has_system = True  # as far as is known, like what follows
        self._counts = True  # tokens
        self._has_health = True  # LiteLLM's asks all the models behind it, each time
        self.model = ""

    async def _check_health(self) -> None:
        """Return if the server is well, and would answer with this key: it lists its models.

        A list is no must where the model's name is set, nor is the route of health.
        """
        status, answer = await self._wire.ask("health") if self._has_health else (404, b"")
        if status not in (200, 401, 403, 404, 405):
            raise self._wire.refused(status, answer)
        self._has_health = status == 200 and b"healthy_endpoints" not in answer
        status, answer = listed = await self._wire.ask(f"{self._version}/models")
        self._listed = None if self._limits else listed
        if status != 200 and not (self._model and status in (404, 405, 500, 501)):
            raise self._wire.refused(status, answer)

    async def tokenize(self, text: str) -> Tokenized:
        """The tokens by the server's own count where it has one (llama.cpp, vLLM).

        Else an estimate, rather too high: a token for every digit and mark, or three other bytes.
        """
        if self._counts and (ids := await self._counted(text)):
            return Tokenized(ids, ())
        spans = tuple(match.span() for match in _TOKEN.finditer(text.encode()))
        return Tokenized((0,) * len(spans), spans, exact=False)

    async def _counted(self, text: str) -> tuple[int, ...]:
        """The tokens of a text; none from a server that does not tell them."""
        body = {"model": (await self.limits()).model, "prompt": text, "content": text}
        status, answer = await self._wire.ask("tokenize", json.dumps(body).encode())
        try:
            found = _mapping(load_json(answer) if status == 200 else None).get("tokens")
        except ValueError:
            found = None
        self._counts = isinstance(found, list) and all(isinstance(one, int) for one in found)
        return tuple(found) if self._counts and found else ()

    async def stream(
        self, messages: Sequence[Message], max_new_tokens: int
    ) -> AsyncGenerator[str | Finish, None]:
        """Yield the answer's text as it comes, then one Finish."""
        parser = ChunkParser(self._wire)

        def body(limits: Limits) -> bytes:
            turns = messages if self._has_system else without_system(messages)
            body = _body(limits.model, turns, max_new_tokens, self._refused)
            body |= self._fields
            return json.dumps(body, ensure_ascii=False).encode()

        answer = self._answer(f"{self._version}/chat/completions", body, parser)
        try:
            async with aclosing(answer) as pieces:
                async for piece in pieces:
                    self.model = parser.model or (self._limits.model if self._limits else "")
                    yield piece
        except UnknownModel as error:
            if names := ", ".join(self._names[:NAMED]):
                error.hint += f": {said(names, None)}"
            raise

    def _relents(self, refusal: BadRequest) -> bool:
        if self._has_system and takes_no_system(refusal.message):
            self._has_system = False
            return True
        named = {name for name in _OPTIONAL if name in refusal.message} - self._refused
        self._refused |= named
        return bool(named)

    async def _ask_limits(self) -> Limits:
        """What the server lists and tells of itself; little where the model's name is set."""
        try:
            models = await self._models()
        except (BadReply, GenerationFailed):
            if not self._model:
                raise
            models = []
        names = self._names = [str(model.get("id", "")) for model in models]
        name = self._model or next(iter(names), "")
        if not name:
            raise self._wire.strange("/v1/models lists no model")
        by_name = dict(zip(names, models, strict=True))
        chosen = by_name.get(name, {})
        chosen = by_name.get(str(chosen.get("parent")), chosen)  # vLLM's adapters tell no more
        listed = _size(chosen.get("max_model_len"))  # by vLLM and SGLang, which tell no more
        props = {} if listed else await self._told("props") or await self._told("info")
        self._has_system = self._has_system and _takes_system(props)
        window = _mapping(props.get("default_generation_settings")).get("n_ctx")
        total = listed or _size(window) or _size(props.get("max_total_tokens")) or CONTEXT
        slots = _size(props.get("total_slots")) or _size(props.get("max_concurrent_requests"))
        return Limits(name, total - 1, total, slots or PLACES)

    async def _models(self) -> list[dict[str, Any]]:
        path = f"{self._version}/models"
        reply, self._listed = self._listed or await self._wire.ask(path), None
        listed = self._wire.parsed(path, *reply)
        models = listed.get("data") if isinstance(listed, dict) else None
        if not isinstance(models, list):
            raise self._wire.strange("/v1/models returned no list")
        return [model for model in models if isinstance(model, dict)]

    async def _told(self, path: str) -> dict[str, Any]:
        """What a server tells of itself: llama.cpp in /props, TGI in /info; others nothing."""
        status, answer = await self._wire.ask(path)
        try:
            return _mapping(load_json(answer)) if status == 200 else {}
        except ValueError:
            return {}


class ChunkParser:
    """Reads the chunks of a streamed chat; `model` is who writes, by the server's own word.

    What is no chunk is passed over: pings, usage, what a server adds of its own. Errors are not.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._reason = ""
        self._usage: dict[str, Any] = {}
        self._thought = self._is_chat = False
        self.model = ""
        self.tokens = 0
        self.done = False

    @property
    def finish(self) -> Finish | None:
        """The end, once the server has given its reason, or said that a text is all of it."""
        if not self._reason and not (self.done and self.tokens):
            return None
        tokens = _size(self._usage.get("completion_tokens")) or self.tokens
        given = _size(self._usage.get("prompt_tokens"))
        reason: Reason = "length" if self._reason in _LENGTH else "stop"
        return Finish(reason, tokens, given, self._thought)

    def read(self, payload: bytes) -> str:
        """The text of a chunk; none for thinking, and for what is no chunk."""
        if payload == b"[DONE]":
            self.done = True
            return ""
        try:
            chunk = load_json(payload)
        except ValueError:
            return ""
        if not isinstance(chunk, dict):
            return ""
        if chunk.get("error") or chunk.get("object") == "error":
            raise self._error(chunk)
        self._usage = _mapping(chunk.get("usage")) or self._usage
        self.model = str(chunk.get("model") or self.model)
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        return self._text(choice) if isinstance(choice, dict) else ""

    def unfinished(self) -> ServerError:
        """The error of a body that ended before the answer did."""
        if self._is_chat:
            return Incomplete("the model server ended the answer before it was complete")
        return self._wire.strange("no event of the answer is a chunk of a chat")

    def _text(self, choice: dict[str, Any]) -> str:
        self._is_chat = True
        reason = str(choice.get("finish_reason") or "")
        if reason in _BROKEN:
            raise Incomplete(f"the model server broke the answer off: {said(reason, None)}")
        self._reason = reason or self._reason
        # Who does not know how to stream gives a whole message.
        delta = _mapping(choice.get("delta")) or _mapping(choice.get("message"))
        self._thought |= bool(delta.get("reasoning_content") or delta.get("reasoning"))
        text = _content(delta.get("content"))
        self.tokens += bool(text)
        return text

    def _error(self, chunk: dict[str, Any]) -> ServerError:
        error = chunk.get("error") or chunk
        named = error if isinstance(error, dict) else {}
        code = named.get("http_status_code") or named.get("code")
        return self._wire.refusal(_size(code) or _CODES.get(str(code), 500), told(chunk))


def _takes_system(props: dict[str, Any]) -> bool:
    """Whether the model's template has system messages, where the server shows it."""
    known = _mapping(props.get("chat_template_caps")).get("supports_system_role")
    template = props.get("chat_template")
    if known is not None or not isinstance(template, str) or not template:
        return known is not False
    return "system" in template and "system role not supported" not in template.lower()


def _content(content: object) -> str:
    """The text of a delta; of a list of parts, which Mistral's API sends, that of its texts."""
    if isinstance(content, list):
        parts = (_mapping(part) for part in content)
        return "".join(str(part.get("text") or "") for part in parts if part.get("type") == "text")
    return content if isinstance(content, str) else ""


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _body(
    model: str, messages: Sequence[Message], max_new_tokens: int, refused: Collection[str]
) -> dict[str, Any]:
    """A greedy request. Without a temperature servers sample; TGI rejects a top_p of 1."""
    body = {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "max_tokens": max_new_tokens,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return {name: value for name, value in body.items() if name not in refused}


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
