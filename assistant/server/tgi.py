"""The client of TGI's own routes (text-generation-inference 3.3.7), also spoken by localtgi."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import pydantic
from text_generation import errors as tgi_errors

from assistant.server.client import Client
from assistant.server.errors import ServerError
from assistant.server.http import USUAL, Timeouts, Wire, load_json
from assistant.server.metrics import parse_queue
from assistant.server.mistral import render
from assistant.server.tgi_wire import EventDetails, parse_event, request_body
from assistant.server.types import (
    Finish,
    GeneratedToken,
    Generation,
    Limits,
    Message,
    Queue,
    Tokenized,
)

# The status that the route without a stream gives for the error that an event names.
_STATUS: dict[type[Exception], int] = {
    tgi_errors.ValidationError: 422,
    tgi_errors.OverloadedError: 429,
    tgi_errors.GenerationError: 424,
}


class TGIClient(Client):
    """A client that names `adapter` in every request; "" asks for the base model."""

    def __init__(
        self, url: str, adapter: str, api_key: str | None = None, *, timeouts: Timeouts = USUAL
    ) -> None:
        super().__init__(url, api_key, timeouts)
        self.adapter = adapter

    async def health(self) -> None:
        """Return if the server can work: it may look by generating a token."""
        status, answer = await self._wire.ask("health")
        if status != 200:
            raise self._wire.refused(status, answer)

    async def tokenize(self, text: str) -> Tokenized:
        """The tokens of a text, the beginning-of-sequence token among them."""
        body = request_body(text, self.adapter, 1)
        tokens = await self._patiently(self._wire.json, "tokenize", body)
        try:
            spans = tuple((int(token["start"]), int(token["stop"])) for token in tokens)
            ids = tuple(int(token["id"]) for token in tokens)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise self._wire.strange("/tokenize gives no tokens") from None
        # A server whose fast tokenizer failed to load gives 0 everywhere.
        known = any(stop for _, stop in spans)
        return Tokenized(ids, spans if known else ())

    def stream(
        self, messages: Sequence[Message], max_new_tokens: int
    ) -> AsyncGenerator[str | Finish, None]:
        """Yield the answer's text as it comes, then one Finish."""
        return self.stream_prompt(render(messages), max_new_tokens=max_new_tokens)

    def stream_prompt(
        self, prompt: str, *, max_new_tokens: int, adapter: str | None = None
    ) -> AsyncGenerator[str | Finish, None]:
        """Continue a text, greedily; the server adds the beginning-of-sequence token."""
        body = request_body(prompt, adapter or self.adapter, max_new_tokens)
        return self._answer("generate_stream", lambda _: body, TokenParser(self._wire))

    async def generate(self, prompt: str, *, adapter: str, max_new_tokens: int) -> Generation:
        """Continue a text, greedily; every token with its log-probability."""
        body = request_body(prompt, adapter, max_new_tokens)
        parser = TokenParser(self._wire, keep=True)
        answer = self._answer("generate_stream", lambda _: body, parser)
        *texts, finish = [piece async for piece in answer]
        assert isinstance(finish, Finish)
        return Generation("".join(map(str, texts)), tuple(parser.kept), finish)

    async def queue(self) -> Queue:
        """How many requests wait and run; a fresh server has no metrics yet, which means none."""
        status, answer = await self._wire.ask("metrics")
        if status != 200:
            raise self._wire.refused(status, answer)
        return parse_queue(answer.decode("utf-8", "replace"))

    async def _ask_limits(self) -> Limits:
        info = await self._wire.json("info")
        try:
            return Limits(
                model=str(info["model_id"]),
                max_input=int(info["max_input_tokens"]),
                max_total=int(info["max_total_tokens"]),
                max_concurrent=int(info["max_concurrent_requests"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            raise self._wire.strange("/info does not tell the limits") from None


@dataclass
class TokenParser:
    """Reads the events of /generate_stream; whole only with a non-null `generated_text`."""

    wire: Wire
    keep: bool = False

    def __post_init__(self) -> None:
        self.tokens = 0
        self.finish: Finish | None = None
        self.done = False
        self.kept: list[GeneratedToken] = []

    def read(self, payload: bytes) -> str:
        """The text of a token; none for a special one and for a part of a character."""
        try:
            event = parse_event(payload)
        except pydantic.ValidationError:
            raise self._error(payload) from None
        token = event["token"]
        self.tokens += 1
        if self.keep:
            self.kept.append(GeneratedToken(**token))
        if event.get("generated_text") is not None:
            self._end(event.get("details"))
        return "" if token["special"] else token["text"]

    def _end(self, details: EventDetails | None) -> None:
        length = details is not None and details.finish_reason == "length"
        tokens = details.generated_tokens if details else self.tokens
        given = details.input_length if details else None
        self.finish = Finish("length" if length else "stop", tokens, given)
        self.done = True

    def _error(self, payload: bytes) -> ServerError:
        try:
            event = load_json(payload)
            error, text = tgi_errors.parse_error(500, event), str(event["error"])
        except (ValueError, KeyError, TypeError):
            return self.wire.strange("an event of the answer is not TGI's")
        return self.wire.refusal(_STATUS.get(type(error), 500), text)
