"""TGI's requests and events: the text-generation package's types, with what they lack."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NotRequired

from pydantic import TypeAdapter, ValidationError
from text_generation import errors
from text_generation.types import Parameters, Request, StreamDetails
from typing_extensions import TypedDict

from assistant.server.errors import BadRequest, Incomplete, ServerError
from assistant.server.types import Finish, GeneratedToken
from assistant.server.wire.http import Wire, load_json

# The status that the route without a stream gives for the error that an event names.
_STATUS: dict[type[Exception], int] = {
    errors.ValidationError: 422,
    errors.OverloadedError: 429,
    errors.GenerationError: 424,
}


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
        except ValidationError:
            raise self._error(payload) from None
        token = event["token"]
        self.tokens += 1
        if self.keep:
            self.kept.append(GeneratedToken(**token))
        if event.get("generated_text") is not None:
            self._end(event.get("details"))
        return "" if token["special"] else token["text"]

    def unfinished(self) -> ServerError:
        """The error of a body that ended before the answer did."""
        return Incomplete("the model server ended the answer before it was complete")

    def _end(self, details: EventDetails | None) -> None:
        length = details is not None and details.finish_reason == "length"
        tokens = details.generated_tokens if details else self.tokens
        given = details.input_length if details else None
        self.finish = Finish("length" if length else "stop", tokens, given)
        self.done = True

    def _error(self, payload: bytes) -> ServerError:
        try:
            event = load_json(payload)
            error, text = errors.parse_error(500, event), str(event["error"])
        except (ValueError, KeyError, TypeError):
            return self.wire.strange("an event of the answer is not TGI's")
        return self.wire.refusal(_STATUS.get(type(error), 500), text)
