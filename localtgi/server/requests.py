"""Requests: read, held against the limits, and refused where TGI could do what this cannot."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from localtgi.server.errors import BadBody, invalid

CHUNK = 1024  # tokens of an answer of no given length, as in TGI


@dataclass(frozen=True)
class Limits:
    """Tokens of a prompt, tokens of prompt and answer, and requests at a time."""

    max_input_tokens: int
    max_total_tokens: int
    max_concurrent_requests: int


@dataclass(frozen=True)
class GenerateRequest:
    """A text to continue, always greedily; `details` asks for the numbers at its end."""

    inputs: str
    adapter: str | None = None
    max_new_tokens: int | None = None
    details: bool = False


@dataclass(frozen=True)
class Job:
    """A request that was accepted: the prompt in ids, and how many may follow."""

    prompt: list[int]
    adapter: str | None
    max_new_tokens: int


def read_request(body: bytes) -> GenerateRequest:
    """Read the body of /generate_stream and /tokenize. Raise BadBody or RequestError."""
    try:
        data = json.loads(body)
        json.dumps(data, ensure_ascii=False).encode()  # a lone surrogate is a ValueError
    except (ValueError, RecursionError) as error:
        raise BadBody(400, f"Failed to parse the request body as JSON: {error}") from error
    given = data.get("parameters", {}) if isinstance(data, dict) else None
    if not isinstance(given, dict) or not isinstance(data.get("inputs"), str):
        raise _unreadable("`inputs` is a string, and `parameters` a map")
    adapter, length = given.pop("adapter_id", None), given.pop("max_new_tokens", None)
    details = given.pop("details", False)
    if not isinstance(adapter, str | None) or type(length) not in (int, type(None)):
        raise _unreadable("`adapter_id` is a string, and `max_new_tokens` a whole number")
    for name, value in given.items():
        if value:  # not left out in silence
            raise invalid(f"`{name}` is not supported by localtgi, which answers greedily")
    return GenerateRequest(data["inputs"], adapter, length, bool(details))


def accept(request: GenerateRequest, limits: Limits, encode: Callable[[str], list[int]]) -> Job:
    """Check a request and turn it into ids. Raise RequestError with TGI's words."""
    if not request.inputs:
        raise invalid("`inputs` cannot be empty")
    if request.max_new_tokens is not None and request.max_new_tokens < 1:
        raise invalid("`max_new_tokens` must be strictly positive")
    prompt = encode(request.inputs)
    total, most = limits.max_total_tokens, limits.max_input_tokens
    new = request.max_new_tokens or min(CHUNK, max(1, total - len(prompt)))
    if len(prompt) + new > total:
        raise invalid(
            f"`inputs` tokens + `max_new_tokens` must be <= {total}."
            f" Given: {len(prompt)} `inputs` tokens and {new} `max_new_tokens`"
        )
    if len(prompt) > most:
        raise invalid(f"`inputs` must have less than {most} tokens. Given: {len(prompt)}")
    return Job(prompt, request.adapter, new)


def _unreadable(reason: str) -> BadBody:
    text = f"Failed to deserialize the JSON body into the target type: {reason}"
    return BadBody(422, text)
