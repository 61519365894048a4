"""The client of TGI's own routes (text-generation-inference 3.3.7), also spoken by localtgi.

The wire types are imported for the first request that has any: the published package that they
come from takes longer to import than all the rest of a question.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from assistant.server.client import Client
from assistant.server.errors import BadReply
from assistant.server.protocols.metrics import ask_queue
from assistant.server.protocols.mistral import render
from assistant.server.types import (
    Finish,
    GeneratedToken,
    Generation,
    Limits,
    Message,
    Queue,
    Tokenized,
)
from assistant.server.wire.http import USUAL, Timeouts, load_json
from core.server_file import ZERO_ADAPTER


class TGIClient(Client):
    """A client that names `adapter` in every request; "" asks for the base model."""

    def __init__(
        self,
        url: str,
        adapter: str,
        api_key: str | None = None,
        *,
        timeouts: Timeouts = USUAL,
        is_ours: bool = True,
    ) -> None:
        # The address with /v1 is that of TGI's other protocol.
        super().__init__(url.rstrip("/").removesuffix("/v1"), api_key, timeouts, is_ours)
        self.adapter = adapter
        self.model = ""  # TGI's answers name none

    async def _check_health(self) -> None:
        """Return if the server can work: it may look by generating a token."""
        status, answer = await self._wire.ask("health")
        if status != 200:
            raise self._wire.refused(status, answer)

    async def tokenize(self, text: str) -> Tokenized:
        """The tokens of a text, the beginning-of-sequence token among them."""
        from assistant.server.protocols.tgi_wire import request_body

        body = request_body(text, self.adapter, 1)
        tokens = await self._patiently(self._wire.json, "tokenize", body)
        try:
            spans = tuple((int(token["start"]), int(token["stop"])) for token in tokens)
            ids = tuple(int(token["id"]) for token in tokens)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise self._wire.strange("/tokenize returned no tokens") from None
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
        from assistant.server.protocols.tgi_wire import TokenParser, request_body

        body = request_body(prompt, adapter or self.adapter, max_new_tokens)
        return self._answer("generate_stream", lambda _: body, TokenParser(self._wire))

    async def generate(self, prompt: str, *, adapter: str, max_new_tokens: int) -> Generation:
        """Continue a text, greedily; every token with its log-probability."""
        from assistant.server.protocols.tgi_wire import TokenParser, request_body

        body = request_body(prompt, adapter, max_new_tokens)
        parser = TokenParser(self._wire, keep=True)
        answer = self._answer("generate_stream", lambda _: body, parser)
        *texts, finish = [piece async for piece in answer]
        assert isinstance(finish, Finish)
        return Generation("".join(map(str, texts)), tuple(parser.kept), finish)

    async def next_token(
        self, prompt: str, answer: Sequence[GeneratedToken], *, adapter: str
    ) -> GeneratedToken | None:
        """The token after the beginning of an answer, when that is read and not decoded.

        None where the text, which is all that can be sent, does not give its own tokens back.
        """
        text = prompt + "".join(token.text for token in answer)
        begin, whole = await self.tokenize(prompt), await self.tokenize(text)
        if whole.ids != (*begin.ids, *(token.id for token in answer)):
            return None
        read = await self.generate(text, adapter=adapter, max_new_tokens=1)
        return read.tokens[0]

    async def base_name(self, adapter: str) -> str:
        """The adapter that changes nothing: it goes the way of all adapters."""
        return ZERO_ADAPTER

    async def queue(self) -> Queue:
        return await ask_queue(self._wire)

    async def _ask_limits(self) -> Limits:
        try:
            return _limits(await self._wire.json("info"))
        except (BadReply, KeyError, TypeError, ValueError, OverflowError) as error:
            if await self._is_openai():
                sentence = f"{self._wire.shown} speaks the protocol of OpenAI, not TGI's own"
                raise BadReply(sentence, "set OPSCTL_SERVER_API=openai in .env") from None
            if isinstance(error, BadReply):
                raise
            raise self._wire.strange("/info does not report the limits") from None

    async def _is_openai(self) -> bool:
        """Tell whether the server lists models, as vLLM, llama.cpp and others do."""
        status, answer = await self._wire.ask("v1/models")
        try:
            return status == 200 and isinstance(load_json(answer).get("data"), list)
        except (ValueError, AttributeError):
            return False


def _limits(info: Any) -> Limits:
    """What TGI's /info says of its limits."""
    return Limits(
        model=str(info["model_id"]),
        max_input=int(info["max_input_tokens"]),
        max_total=int(info["max_total_tokens"]),
        max_concurrent=int(info["max_concurrent_requests"]),
    )
