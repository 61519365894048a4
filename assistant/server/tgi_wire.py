"""TGI's wire types, as far as the text-generation package lacks something in them."""

from collections.abc import Callable

from text_generation.types import Parameters, Request, StreamDetails, StreamResponse

from assistant.server.errors import BadRequest


class AdapterParameters(Parameters):
    """The parameters of a request that names its adapter."""

    adapter_id: str


class AdapterRequest(Request):
    """A request that always has parameters: without them TGI would sample."""

    parameters: AdapterParameters


class EventDetails(StreamDetails):
    """The details of the last event."""

    input_length: int | None = None


class Event(StreamResponse):
    """An event of an answer."""

    details: EventDetails | None = None


# Event.model_validate_json without its checks of arguments: two thirds of the time per token.
parse_event: Callable[[bytes], Event] = Event.__pydantic_validator__.validate_json


def request_body(prompt: str, adapter: str, max_new_tokens: int) -> bytes:
    """A greedy request as the server reads it; raises BadRequest for an empty prompt."""
    if not prompt:
        raise BadRequest("there is no text to send to the model server", 'opsctl ask "…"')
    parameters = AdapterParameters(
        adapter_id=adapter, max_new_tokens=max_new_tokens, do_sample=False, details=True
    )
    request = AdapterRequest(inputs=prompt, parameters=parameters)
    return request.model_dump_json(exclude_none=True).encode()
