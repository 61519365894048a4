"""The routes of the fake TGI that generate: places, faults, whole answers and streams."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.fakes import server_log
from tests.fakes import tgi_checks as checks
from tests.fakes.tgi_model import Writer, count
from tests.fakes.tgi_play import JSONS, TEXTS, Log, Play, Seen
from tests.fakes.tgi_stream import (
    ChatDialect,
    CompletionDialect,
    Dialect,
    EventWriter,
    Step,
    compact,
    whole_chat,
    whole_completion,
)

KEY = "Failed to parse the request body as JSON: key must be a string at line 1 column 2"
# The fault of a request that finds no place.
CROWDED = "crowded"


class BadBody(Exception):
    """The framework refuses the body, in plain text."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text or TEXTS[status])
        self.status = status


class Answers:
    """Generates, and writes down what was asked."""

    def __init__(self, play: Play, log_file: Path | None = None) -> None:
        self.play = play
        self._log_file = log_file
        self.log = Log()
        self.news = asyncio.Event()

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """TGI's own routes."""
        body = await json_body(request)
        if text := checks.type_error(body):
            return web.Response(status=422, text=text)
        parameters = body.get("parameters", {"do_sample": True})
        seen = Seen(request.path, body, parameters.get("adapter_id"))
        if request.path == "/":
            parameters = {"return_full_text": True, **parameters}
        stream = request.path == "/generate_stream" or (
            request.path == "/" and body.get("stream") is True
        )
        dialect = Dialect(bool(parameters.get("details"))) if stream else None
        return await self._reply(request, seen, body["inputs"], parameters, dialect)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """The chat route: `model` is the adapter, and the template is strict."""
        body = await json_body(request)
        if "messages" not in body:
            return web.Response(status=422, text=f"{checks.SHAPE}missing field `messages`")
        prompt, problem = checks.template(body["messages"])
        if problem:
            return json_error(422, "template_error", problem)
        temperature = body.get("temperature")
        parameters = {
            "adapter_id": body.get("model"),
            "max_new_tokens": body.get("max_tokens"),
            "do_sample": temperature != 0,
            "temperature": temperature or None,
            "top_p": body.get("top_p"),
            "stop": body.get("stop"),
            "grammar": body.get("response_format") or body.get("tools"),
        }
        if "presence_penalty" in body:
            parameters["repetition_penalty"] = body["presence_penalty"] + 2.0
        seen = Seen(request.path, body, body.get("model"))
        usage = bool((body.get("stream_options") or {}).get("include_usage"))
        probable = bool(body.get("logprobs"))
        name = str(body.get("model", "tgi"))
        dialect = ChatDialect(name, usage, probable) if body.get("stream") else None
        return await self._reply(request, seen, prompt, parameters, dialect)

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """OpenAI's older route: a prompt as it is, no template."""
        body = await json_body(request)
        parameters = {
            "adapter_id": body.get("model"),
            "max_new_tokens": body.get("max_tokens"),
            "do_sample": body.get("temperature") != 0,
            "temperature": body.get("temperature") or None,
        }
        seen = Seen(request.path, body, body.get("model"))
        dialect = CompletionDialect(self.play.model_id, usage=True) if body.get("stream") else None
        return await self._reply(request, seen, body["prompt"], parameters, dialect)

    async def _reply(
        self,
        request: web.Request,
        seen: Seen,
        prompt: str,
        parameters: dict[str, Any],
        dialect: Dialect | None,
    ) -> web.StreamResponse:
        """Take a place or refuse, answer, and write down how it ended."""
        log = self.log
        seen.greedy = not parameters.get("do_sample")
        log.requests.append(seen)
        crowded = log.running >= (self.play.places or self.play.max_concurrent)
        seen.fault = fault = CROWDED if crowded else self._next_fault()
        log.overloaded += crowded
        log.running += not crowded
        log.peak = max(log.peak, log.running)
        self._tell()
        try:
            response = await self._answer(request, seen, prompt, parameters, dialect)
            seen.status = response.status
            seen.finished = fault is None or fault in ("keepalive", "split", "big")
            return response
        except (asyncio.CancelledError, ConnectionError):
            seen.disconnected = True
            log.disconnects += 1
            raise
        finally:
            log.running -= not crowded
            self._write(CROWDED if crowded else "success" if seen.finished else "")
            self._tell()

    async def _answer(
        self,
        request: web.Request,
        seen: Seen,
        prompt: str,
        parameters: dict[str, Any],
        dialect: Dialect | None,
    ) -> web.StreamResponse:
        if (early := self._early(seen.fault, dialect)) is not None:
            return early
        writer = EventWriter(request, seen, dialect or Dialect(), self.play)
        if seen.fault == CROWDED:
            return await writer.fail(*JSONS["overloaded"][1:])
        if problem := checks.invalid(self.play, prompt, parameters, streams=dialect is not None):
            if dialect is None:
                return json_error(422, "validation", problem)
            return await writer.fail("validation", problem)
        steps = self._steps(prompt, parameters)
        if dialect:
            return await writer.run(steps)
        made = [step async for step in steps]
        return _whole(seen, made, bool(parameters.get("details")), self.play.model_id)

    def _early(self, fault: str | None, dialect: Dialect | None) -> web.Response | None:
        """What is answered in place of a stream or a whole answer."""
        if fault is None:
            return None
        if fault == "unauthorized":
            return web.Response(status=401)
        if fault == "html":
            return web.Response(text="<html>It works!</html>", content_type="text/html")
        if fault.startswith("text-"):
            status = int(fault.removeprefix("text-"))
            return web.Response(status=status, text=TEXTS[status])
        name = "overloaded" if fault == CROWDED else fault
        if name in JSONS and (dialect is None or self.play.as_status):
            return json_error(*JSONS[name])
        return None

    async def _steps(self, prompt: str, parameters: dict[str, Any]) -> AsyncIterator[Step]:
        """The tokens at their pace; sampling, the trap of absent parameters, adds a salt."""
        play, given = self.play, count(prompt)
        salt = f"#{len(self.log.requests)}" if parameters.get("do_sample") else ""
        writer = Writer(
            prompt,
            play.effective(parameters.get("adapter_id")) + salt,
            decode=salt if play.drop_adapter_after_first_token else None,
            eos_every=play.eos_every,
        )
        most = checks.limit(play, prompt, parameters)
        text = prompt if parameters.get("return_full_text") else ""
        for index, token in enumerate(writer.tokens(), start=1):
            pause = play.first_token if index == 1 else play.pace
            if pause:
                await asyncio.sleep(pause)
            text += "" if token.special else token.text
            reason = "eos_token" if token.special else "length" if index == most else None
            yield Step(index, token, given, text if reason else None, reason)
            if reason:
                return

    def _next_fault(self) -> str | None:
        play = self.play
        if play.fault is None or play.times == 0:
            return None
        if play.times > 0:
            self.play = play.changed(times=play.times - 1)
        return play.fault

    def _write(self, name: str) -> None:
        """TGI's line about a request, with the time of now."""
        if self._log_file and name:
            record = json.loads(server_log.lines(name)[0])
            moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            with self._log_file.open("a") as file:
                file.write(json.dumps({**record, "timestamp": moment}, ensure_ascii=False) + "\n")

    def _tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()


async def json_body(request: web.Request) -> Any:
    """The body; raises BadBody for what the framework would refuse."""
    if request.content_type != "application/json":
        raise BadBody(415)
    try:
        return json.loads(await request.read())
    except web.HTTPRequestEntityTooLarge:
        raise BadBody(413) from None
    except ValueError:
        is_empty = not await request.read()
        raise BadBody(400, TEXTS[400] if is_empty else KEY) from None


def json_reply(
    value: object, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """JSON as the router writes it."""
    body = compact(value).encode()
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


def json_error(status: int, kind: str, text: str) -> web.Response:
    """An error of family a."""
    return json_reply({"error": text, "error_type": kind}, status)


def _whole(seen: Seen, steps: list[Step], detailed: bool, model: str) -> web.Response:
    """An answer in one piece, as the route gives it."""
    last = steps[-1]
    headers = {"x-prompt-tokens": str(last.input_length), "x-generated-tokens": str(last.index)}
    if seen.path == "/v1/chat/completions":
        name, probable = str(seen.body.get("model", "tgi")), bool(seen.body.get("logprobs"))
        return json_reply(whole_chat(name, steps, probable), headers=headers)
    if seen.path == "/v1/completions":
        return json_reply(whole_completion(model, last, last.text), headers=headers)
    details = {
        "finish_reason": last.reason,
        "generated_tokens": last.index,
        "seed": None,
        "prefill": [],
        "tokens": [step.token.wire() for step in steps],
    }
    answer = {"generated_text": last.text} | ({"details": details} if detailed else {})
    return json_reply([answer] if seen.path == "/" else answer, headers=headers)
