"""/v1/chat/completions: messages through the model's chat template."""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from jinja2 import TemplateError

from localtgi import __version__, sse
from localtgi.context import CONTEXT, Context, json_response, read_json
from localtgi.errors import RequestError, invalid, template, told
from localtgi.generation import Token
from localtgi.model import LanguageModel
from localtgi.native import compute_headers
from localtgi.parameters import (
    ANY,
    BOOL,
    F32,
    LIST,
    OBJECT,
    STR,
    STRINGS,
    U32,
    U64,
    GenerateRequest,
    Parameters,
    read_fields,
    require,
    unreadable,
)  # fmt: skip
from localtgi.service import Answer

FIELDS = {
    "messages": LIST, "model": STR, "max_tokens": U32, "max_completion_tokens": U32,
    "temperature": F32, "top_p": F32, "seed": U64, "stop": STRINGS, "stream": BOOL,
    "stream_options": OBJECT, "frequency_penalty": F32, "presence_penalty": F32, "logprobs": BOOL,
    "tools": LIST, "response_format": ANY,
}  # fmt: skip
REASONS = {"eos_token": "stop", "length": "length", "stop_sequence": "stop_sequence"}


@dataclass(frozen=True)
class Chat:
    """A chat request, its messages already one text."""

    generate: GenerateRequest
    model: str
    logprobs: bool
    usage: bool  # of a stream: one more chunk with the numbers of tokens


async def completions(request: web.Request) -> web.StreamResponse:
    """POST /v1/chat/completions, as a stream or whole."""
    context = request.app[CONTEXT]
    asked = read_chat(await read_json(request), context)
    if not asked.generate.stream:
        return await _whole(context, asked)
    headers = compute_headers(context, asked.generate) | {"X-Accel-Buffering": "no"}
    return await sse.respond(request, _events(context, asked), headers)


def read_chat(body: Any, context: Context) -> Chat:
    """Read and render a chat request. Raise BadBody or RequestError."""
    fields = read_fields(body, FIELDS, ("stream",))
    require(fields, "messages")
    if fields.get("tools"):
        raise RequestError(
            "Tool error: tools are not supported by localtgi", "tool_error", 422, "validation"
        )
    if fields.get("response_format") is not None:
        raise invalid("grammar is not supported")
    text = render([_message(message) for message in fields["messages"]], context.service.model)
    stream = fields.get("stream", False)
    model = fields.get("model")
    parameters = _parameters(fields, None if model == "tgi" else model)
    options = fields.get("stream_options", {})
    return Chat(
        # The template carries BOS.
        GenerateRequest(text, parameters, stream, special=False),
        model or context.model_id,
        fields.get("logprobs", False),
        bool(options.get("include_usage")),
    )


def render(messages: list[dict[str, str]], model: LanguageModel) -> str:
    """The text of a conversation. A last message of the assistant is left open, to go on."""
    if not model.tokenizer.chat_template:
        raise template("template not found")
    if not messages:
        raise template("there are no messages")
    goes_on = messages[-1]["role"] == "assistant"
    try:
        text = model.tokenizer.apply_chat_template(
            messages,
            tokenize=False,
            add_generation_prompt=not goes_on,
            continue_final_message=goes_on,
        )
    except (TemplateError, ValueError, TypeError) as error:
        raise template(f"syntax error: {error} (in <string>:1)") from error
    return str(text)


def _message(message: Any) -> dict[str, str]:
    fields = read_fields(message, {"role": STR, "content": ANY}, path="messages.")
    require(fields, "role")
    content = fields.get("content", "")
    if isinstance(content, list):
        parts = [read_fields(part, {"text": STR}, path="messages.content.") for part in content]
        content = "".join(part.get("text", "") for part in parts)
    if not isinstance(content, str):
        raise unreadable("messages.content: invalid type, expected a string")
    return {"role": fields["role"], "content": content}


def _parameters(fields: Mapping[str, Any], adapter: str | None) -> Parameters:
    temperature = fields.get("temperature")
    presence = fields.get("presence_penalty")
    return Parameters(
        adapter_id=adapter,
        do_sample=temperature != 0,  # as TGI: not given means sampling at 1.0
        temperature=None if temperature == 0 else temperature,
        # As TGI, odd as it is: 0 means a penalty of 2.
        repetition_penalty=None if presence is None else presence + 2.0,
        frequency_penalty=fields.get("frequency_penalty"),
        top_p=fields.get("top_p"),
        max_new_tokens=fields.get("max_tokens", fields.get("max_completion_tokens")),
        stop=tuple(fields.get("stop", ())),
        seed=fields.get("seed"),
    )


async def _whole(context: Context, asked: Chat) -> web.Response:
    tokens: list[Token] = []
    answer: Answer | None = None
    async with aclosing(context.service.run(asked.generate)) as steps:
        async for step in steps:
            tokens.append(step.token)
            answer = step.answer
    assert answer is not None
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": answer.text},
        "logprobs": _logprobs(tokens) if asked.logprobs else None,
        "finish_reason": REASONS[answer.finish_reason],
    }
    body = _head("chat.completion", asked) | {"choices": [choice], "usage": _usage(answer)}
    return json_response(body, compute_headers(context, asked.generate))


async def _events(context: Context, asked: Chat) -> AsyncGenerator[bytes, None]:
    head = _head("chat.completion.chunk", asked)
    try:
        async with aclosing(context.service.run(asked.generate)) as steps:
            async for step in steps:
                choice = _delta(step.token, asked.logprobs, step.answer)
                yield sse.event(head | {"choices": [choice], "usage": None})
                if step.answer and asked.usage:
                    yield sse.event(head | {"choices": [], "usage": _usage(step.answer)})
    except Exception as error:
        # As TGI: 422, whatever the cause.
        yield sse.event({"error": {"message": told(error).text, "http_status_code": 422}})
    yield sse.event("[DONE]")


def _head(kind: str, asked: Chat) -> dict[str, Any]:
    return {
        "object": kind,
        "id": "",
        "created": int(time.time()),
        "model": asked.model,
        "system_fingerprint": f"{__version__}-localtgi",
    }


def _delta(token: Token, logprobs: bool, answer: Answer | None) -> dict[str, Any]:
    return {
        "index": 0,
        "delta": {"role": "assistant", "content": "" if token.special else token.text},
        "logprobs": _logprobs([token]) if logprobs else None,
        "finish_reason": REASONS[answer.finish_reason] if answer else None,
    }


def _logprobs(tokens: list[Token]) -> dict[str, Any]:
    content = [{"token": t.text, "logprob": t.logprob, "top_logprobs": []} for t in tokens]
    return {"content": content}


def _usage(answer: Answer) -> dict[str, int]:
    return {
        "prompt_tokens": answer.input_length,
        "completion_tokens": answer.tokens,
        "total_tokens": answer.input_length + answer.tokens,
    }
