"""How the fake TGI writes a stream of events, whole or broken in the way it was told."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.fakes.tgi_model import EOS, Token
from tests.fakes.tgi_play import JSONS, Play, Seen

# Byte-fallback tokens: the text is there with the last of them.
ROCKET = [Token(40 + n, text, -0.5) for n, text in enumerate(["", "", "", "🚀"])]
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
    "x-compute-type": "1-fake",
}


@dataclass(frozen=True)
class Step:
    """A token, and with the last one the whole text and the reason."""

    index: int
    token: Token
    input_length: int
    text: str | None = None
    reason: str | None = None


class Dialect:
    """How events look on TGI's own routes."""

    def __init__(self, detailed: bool = False) -> None:
        self._detailed = detailed

    def step(self, step: Step) -> list[dict[str, Any]]:
        """The events of a token."""
        details = {
            "finish_reason": step.reason,
            "generated_tokens": step.index,
            "seed": None,
            "input_length": step.input_length,
        }
        return [
            {
                "index": step.index,
                "token": step.token.wire(),
                "generated_text": step.text,
                "details": details if step.reason and self._detailed else None,
            }
        ]

    def error(self, kind: str, text: str) -> dict[str, Any]:
        """An error in the middle of a stream."""
        return {"error": text, "error_type": kind}

    end = b""


class ChatDialect(Dialect):
    """How events look on /v1/chat/completions."""

    end = b"data: [DONE]\n\n"

    def __init__(self, model: str, usage: bool, probable: bool = False) -> None:
        self._model, self._usage, self._probable = model, usage, probable

    def step(self, step: Step) -> list[dict[str, Any]]:
        """A chunk per token; the end-of-sequence token has no text."""
        special = step.token.id == EOS
        delta = {"role": "assistant", "content": "" if special else step.token.text}
        probable = [step] if self._probable else None
        chunks = [self._chunk([_choice("delta", delta, step, probable)], None)]
        if step.reason and self._usage:
            chunks.append(self._chunk([], _usage(step)))
        return chunks

    def error(self, kind: str, text: str) -> dict[str, Any]:
        """TGI gives 422 here whatever the cause is."""
        return {"error": {"message": text, "http_status_code": 422}}

    def _chunk(self, choices: list[Any], usage: Any) -> dict[str, Any]:
        return _completion("chat.completion.chunk", self._model, choices, usage)


class CompletionDialect(ChatDialect):
    """How events look on /v1/completions: only the last has a usage, and no reason is ""."""

    def step(self, step: Step) -> list[dict[str, Any]]:
        """A chunk per token."""
        if step.reason:
            return [whole_completion(self._model, step, step.token.text)]
        chunk = whole_completion(self._model, step, step.token.text, reason="")
        del chunk["usage"]
        return [chunk]


class EventWriter:
    """Writes one stream, and lets the fault happen in its place."""

    def __init__(self, request: web.Request, seen: Seen, dialect: Dialect, play: Play) -> None:
        self._request, self._seen, self._dialect = request, seen, dialect
        self._play, self._fault = play, seen.fault
        self._response = web.StreamResponse(headers=HEADERS)

    async def run(self, steps: AsyncIterator[Step]) -> web.StreamResponse:
        """Write the steps up to the end or to the fault."""
        await self._response.prepare(self._request)
        async for step in steps:
            if self._seen.tokens == self._play.after and await self._broken():
                return self._response
            self._seen.tokens += 1
            await self._write(self._whole(step))
        await self._send(self._dialect.end)
        return self._response

    async def fail(self, kind: str, text: str) -> web.StreamResponse:
        """An error before the first token: still a 200."""
        if not self._response.prepared:
            await self._response.prepare(self._request)
        await self._write([self._dialect.error(kind, text)])
        await self._send(self._dialect.end)
        return self._response

    async def _broken(self) -> bool:
        """Do what the fault is; True if the stream is over."""
        if self._fault in JSONS:
            _, kind, text = JSONS[self._fault]
            await self.fail(kind, text)
        elif self._fault == "leak":
            told = self._request.headers.get("Authorization", "")
            await self.fail("generation", f"Request failed during generation: header {told}")
        elif self._fault == "garbage":
            await self._send(b"data: {not json\n\n")
        elif self._fault == "cut":
            assert self._request.transport
            self._request.transport.close()
        elif self._fault == "silence":
            await asyncio.Event().wait()
        elif self._fault == "keepalive":
            for _ in range(5):
                await self._send(b":\n\n")
                await asyncio.sleep(self._play.keepalive)
            return False
        elif self._fault == "split":
            for token in ROCKET:
                await self._write(self._dialect.step(Step(0, token, 0)))
            return False
        else:
            return self._fault == "eof"
        return True

    def _whole(self, step: Step) -> list[dict[str, Any]]:
        events = self._dialect.step(step)
        if self._fault == "big" and step.text is not None and "generated_text" in events[0]:
            events[0]["generated_text"] += "я" * 150_000
        return events

    async def _write(self, events: list[dict[str, Any]]) -> None:
        lines = (f"data: {compact(event)}\n\n" for event in events)
        await self._send("".join(lines).encode())

    async def _send(self, data: bytes) -> None:
        size = 3 if self._fault == "split" else len(data) or 1
        for start in range(0, len(data), size):
            await self._response.write(data[start : start + size])
            if size == 3:
                await asyncio.sleep(0)


def compact(value: object) -> str:
    """JSON without blanks, in plain letters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def whole_chat(model: str, steps: list[Step], probable: bool = False) -> dict[str, Any]:
    """The answer of /v1/chat/completions in one piece."""
    last = steps[-1]
    message = {"role": "assistant", "content": last.text}
    choice = _choice("message", message, last, steps if probable else None)
    return _completion("chat.completion", model, [choice], _usage(last))


def whole_completion(
    model: str, last: Step, text: str | None, reason: str | None = None
) -> dict[str, Any]:
    """The answer of /v1/completions, in one piece or as a chunk."""
    choice = _choice("text", text, last) | ({} if reason is None else {"finish_reason": reason})
    return _completion("text_completion", model, [choice], _usage(last))


def _completion(kind: str, model: str, choices: list[Any], usage: Any) -> dict[str, Any]:
    return {
        "object": kind,
        "id": "",
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": "3.3.6-dev0-fake",
        "choices": choices,
        "usage": usage,
    }


def _choice(
    key: str, value: object, step: Step, probable: list[Step] | None = None
) -> dict[str, Any]:
    reason = {"eos_token": "stop"}.get(step.reason or "", step.reason)
    seen = [
        {"token": one.token.text, "logprob": one.token.logprob, "top_logprobs": []}
        for one in probable or ()
    ]
    logprobs = {"content": seen} if probable else None
    return {"index": 0, key: value, "logprobs": logprobs, "finish_reason": reason}


def _usage(step: Step) -> dict[str, int]:
    total = step.input_length + step.index
    return {
        "prompt_tokens": step.input_length,
        "completion_tokens": step.index,
        "total_tokens": total,
    }
