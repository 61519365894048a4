"""TGI's own routes: /generate, /generate_stream and POST /."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, replace
from typing import Any

from aiohttp import web

from localtgi import sse
from localtgi.context import CONTEXT, Context, json_response, read_json
from localtgi.errors import told
from localtgi.generation import Token
from localtgi.parameters import GenerateRequest, read_generate
from localtgi.service import Answer
from localtgi.validation import check_streaming


async def generate(request: web.Request) -> web.StreamResponse:
    """POST /generate: the whole answer."""
    asked = read_generate(await read_json(request))
    return await _whole(request.app[CONTEXT], asked)


async def generate_stream(request: web.Request) -> web.StreamResponse:
    """POST /generate_stream: an event for each token."""
    asked = read_generate(await read_json(request))
    return await _stream(request, asked)


async def either(request: web.Request) -> web.StreamResponse:
    """POST /: a stream, or the whole answer in a list of one; the prompt is part of the text."""
    asked = read_generate(await read_json(request))
    if asked.parameters.return_full_text is None:
        asked = replace(asked, parameters=replace(asked.parameters, return_full_text=True))
    if asked.stream:
        return await _stream(request, asked)
    return await _whole(request.app[CONTEXT], asked, in_list=True)


async def _whole(context: Context, asked: GenerateRequest, in_list: bool = False) -> web.Response:
    tokens: list[Token] = []
    answer: Answer | None = None
    async with aclosing(context.service.run(asked)) as steps:
        async for step in steps:
            tokens.append(step.token)
            answer = step.answer
    assert answer is not None
    body: dict[str, Any] = {"generated_text": _text(asked, answer)}
    if asked.parameters.details or asked.parameters.decoder_input_details:
        body["details"] = {
            "finish_reason": answer.finish_reason,
            "generated_tokens": answer.tokens,
            "seed": answer.seed,
            "prefill": [asdict(token) for token in answer.prefill],
            "tokens": [asdict(token) for token in tokens],
        }
    headers = compute_headers(context, asked) | _time_headers(answer)
    return json_response([body] if in_list else body, headers)


async def _stream(request: web.Request, asked: GenerateRequest) -> web.StreamResponse:
    context = request.app[CONTEXT]
    headers = compute_headers(context, asked) | {"X-Accel-Buffering": "no"}
    return await sse.respond(request, _events(context, asked), headers)


async def _events(context: Context, asked: GenerateRequest) -> AsyncGenerator[bytes, None]:
    try:
        check_streaming(asked.parameters)
        async with aclosing(context.service.run(asked)) as steps:
            async for step in steps:
                yield sse.event(
                    {
                        "index": step.index,
                        "token": asdict(step.token),
                        "generated_text": _text(asked, step.answer) if step.answer else None,
                        "details": _stream_details(asked, step.answer),
                    }
                )
    except Exception as error:
        refusal = told(error)
        yield sse.event({"error": refusal.text, "error_type": refusal.kind})


def _stream_details(asked: GenerateRequest, answer: Answer | None) -> dict[str, Any] | None:
    if answer is None or not asked.parameters.details:
        return None
    return {
        "finish_reason": answer.finish_reason,
        "generated_tokens": answer.tokens,
        "seed": answer.seed,
        "input_length": answer.input_length,
    }


def _text(asked: GenerateRequest, answer: Answer) -> str:
    return asked.inputs + answer.text if asked.parameters.return_full_text else answer.text


def compute_headers(context: Context, asked: GenerateRequest) -> dict[str, str]:
    """What the answer was made on and of."""
    return {
        "X-Compute-Type": context.compute_type,
        "X-Compute-Characters": str(len(asked.inputs)),
    }


def _time_headers(answer: Answer) -> dict[str, str]:
    """TGI's times: `x-compute-time` in seconds, the others in whole milliseconds."""
    total = sum(answer.times.values())
    milliseconds = {name: round(1000 * value) for name, value in answer.times.items()}
    per_token = round(1000 * answer.times["inference"] / answer.tokens)
    return {
        "X-Compute-Time": f"{total:.6f}",
        "X-Total-Time": str(round(1000 * total)),
        **{f"X-{name.title()}-Time": str(value) for name, value in milliseconds.items()},
        "X-Time-Per-Token": str(per_token),
        "X-Prompt-Tokens": str(answer.input_length),
        "X-Generated-Tokens": str(answer.tokens),
    }
