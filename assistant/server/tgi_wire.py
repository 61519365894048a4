"""TGI's wire types, as far as the text-generation package lacks something in them."""

from collections.abc import Callable

from pydantic import TypeAdapter
from text_generation.types import Parameters, Request, StreamDetails
from typing_extensions import NotRequired, TypedDict

from assistant.server.errors import BadRequest


class AdapterParameters(Parameters):
    """The parameters of a request that names its adapter, where the server has any."""

    adapter_id: str | None


class AdapterRequest(Request):
    """A request that always has parameters: without them TGI would sample."""

    parameters: AdapterParameters


class EventDetails(StreamDetails):
    """The details of the last event."""

    input_length: int | None = None


class Token(TypedDict):
    """The package's Token."""

    id: int
    text: str
    logprob: float | None
    special: bool


class Event(TypedDict):
    """The package's StreamResponse as plain dictionaries: half of the time per token."""

    token: Token
    generated_text: NotRequired[str | None]
    details: NotRequired[EventDetails | None]


# TypeAdapter's own validate_json adds a check of its arguments to every call.
parse_event: Callable[[bytes], Event] = TypeAdapter(Event).validator.validate_json


def request_body(prompt: str, adapter: str, max_new_tokens: int) -> bytes:
    """A greedy request as the server reads it; raises BadRequest for an empty prompt."""
    if not prompt:
        raise BadRequest("there is no text to send to the model server", 'opsctl ask "…"')
    parameters = AdapterParameters(
        adapter_id=adapter or None, max_new_tokens=max_new_tokens, do_sample=False, details=True
    )
    request = AdapterRequest(inputs=prompt, parameters=parameters)
    return request.model_dump_json(exclude_none=True).encode()
