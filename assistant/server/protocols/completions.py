"""The route /v1/completions as vLLM has it: a text continued token by token, for a proof."""

import json
import secrets
from collections.abc import Sequence
from typing import Any

from assistant.server.protocols.metrics import ask_queue
from assistant.server.protocols.openai import ChatClient, ChunkParser
from assistant.server.types import Finish, GeneratedToken, Generation, Limits, Queue
from core.errors import UsageError
from core.server_file import ZERO_ADAPTER


class CompletionClient(ChatClient):
    """A client that continues texts by an adapter, which vLLM takes for a model with a parent."""

    async def base_name(self, adapter: str) -> str:
        """The adapter that changes nothing where there is one, else the model below.

        Raise UsageError for the name of a model that is no adapter.
        """
        parents = {str(model.get("id")): model.get("parent") for model in await self._models()}
        if adapter in parents and not parents[adapter]:
            names = ", ".join(name for name, parent in parents.items() if parent) or "none"
            sentence = f"{adapter} is a model, not an adapter of one"
            raise UsageError(sentence, f"set OPSCTL_SERVER_MODEL to an adapter's name: {names}")
        if ZERO_ADAPTER in parents:
            return ZERO_ADAPTER
        return str(parents.get(adapter) or next(iter(parents), ""))

    async def queue(self) -> Queue:
        return await ask_queue(self._wire)

    async def generate(self, prompt: str, *, adapter: str, max_new_tokens: int) -> Generation:
        """Continue a text, greedily; every token with its log-probability."""
        return await self._continue(prompt, adapter, max_new_tokens)

    async def next_token(
        self, prompt: str, answer: Sequence[GeneratedToken], *, adapter: str
    ) -> GeneratedToken | None:
        """The token after the beginning of an answer, when that is read and not decoded."""
        begin = await self._counted(prompt)
        if not begin:
            return None
        tokens = [*begin, *(token.id for token in answer)]
        return (await self._continue(tokens, adapter, 1)).tokens[0]

    async def _continue(self, prompt: str | list[int], model: str, tokens: int) -> Generation:
        parser = TokenParser(self._wire)

        def body(limits: Limits) -> bytes:
            return _body(prompt, model, tokens)

        answer = self._answer(f"{self._version}/completions", body, parser)
        *texts, finish = [piece async for piece in answer]
        assert isinstance(finish, Finish)
        if not parser.kept:
            raise self._wire.strange("it tells no tokens")
        return Generation("".join(map(str, texts)), tuple(parser.kept), finish)


class TokenParser(ChunkParser):
    """Reads the chunks of a streamed completion that tell their tokens."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.kept: list[GeneratedToken] = []

    def _text(self, choice: dict[str, Any]) -> str:
        super()._text(choice)
        told = choice.get("logprobs") or {}
        parts = choice.get("token_ids"), told.get("tokens"), told.get("token_logprobs")
        try:
            rows = list(zip(*(part or () for part in parts), strict=True))
        except (TypeError, ValueError):
            raise self._wire.strange("it does not tell each token") from None
        self.kept += [GeneratedToken(number, text, chance, False) for number, text, chance in rows]
        self.tokens = len(self.kept)
        return str(choice.get("text") or "")


def _body(prompt: str | list[int], model: str, tokens: int) -> bytes:
    """A greedy request that reads nothing out of the cache of what others have asked."""
    body = {
        "model": model,
        "prompt": prompt,
        "max_tokens": tokens,
        "temperature": 0,
        "logprobs": 1,
        "return_token_ids": True,
        "cache_salt": secrets.token_hex(16),
        "stream": True,
    }
    return json.dumps(body, ensure_ascii=False).encode()
