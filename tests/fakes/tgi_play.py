"""What the fake TGI is told to be and to do wrong: by its constructor, flags, or POST /_control."""

from dataclasses import dataclass, field, replace
from typing import Any

# Bodies in plain text, from the HTTP framework, by status.
TEXTS = {
    400: "Failed to parse the request body as JSON: EOF while parsing a value at line 1 column 0",
    413: "Failed to buffer the request body: length limit exceeded",
    415: "Expected request with `Content-Type: application/json`",
    422: "Failed to deserialize the JSON body into the target type: missing field `inputs`",
}
# Family a (JSON): status, error_type, text.
JSONS = {
    "validation": (422, "validation", "Input validation error: `top_k` must be strictly positive"),
    "too_long": (
        422,
        "validation",
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096."
        " Given: 4000 `inputs` tokens and 512 `max_new_tokens`",
    ),
    "template": (
        422,
        "template_error",
        "Template error: syntax error: Conversation roles must alternate"
        " user/assistant/user/assistant/... (in <string>:1)",
    ),
    "generation": (
        424,
        "generation",
        "Request failed during generation: Server error: CUDA out of memory",
    ),
    "transport": (
        424,
        "generation",
        "Request failed during generation: Server error: transport error",
    ),
    "overloaded": (429, "overloaded", "Model is overloaded"),
    "incomplete": (500, "incomplete_generation", "Incomplete generation"),
    "incomplete_stream": (500, "incomplete_generation_stream", "Incomplete generation stream"),
    "serialization": (500, "stream_serialization_error", "Stream event serialization error"),
}
# What can happen to a stream after `after` tokens.
STREAMS = ("eof", "cut", "silence", "keepalive", "big", "split", "garbage", "html", "leak")
FAULTS = ("unauthorized", *(f"text-{status}" for status in TEXTS), *JSONS, *STREAMS)


@dataclass(frozen=True)
class Play:
    """The server's settings and its fault.

    The fault meets the next `times` requests that generate (-1: all), after `after` tokens of a
    stream. `as_status` sends a JSON error with its status where TGI would send it as an event.
    `places` is how many requests run; `max_concurrent` is what /info says about it.
    """

    model_id: str = "/data/models/TheBloke--Mistral-7B-Instruct-v0.2-GPTQ"
    max_input: int = 3072
    max_total: int = 4096
    max_concurrent: int = 16
    places: int | None = None
    adapters: tuple[str, ...] = ("hackatone", "zero")
    api_key: str | None = None
    pace: float = 0.0
    first_token: float = 0.0
    eos_every: int = 40
    zero_offsets: bool = False
    drop_adapter_after_first_token: bool = False
    healthy: bool = True
    health_delay: float = 0
    fault: str | None = None
    times: int = -1
    after: int = 0
    as_status: bool = False
    keepalive: float = 0.02

    def effective(self, adapter: str | None) -> str:
        """The adapter that acts: an unknown one, and `zero`, is the base model."""
        known = adapter in self.adapters and adapter != "zero"
        return str(adapter) if known else ""

    def changed(self, **changes: Any) -> "Play":
        """Another play; raises ValueError for a fault that there is not."""
        if isinstance(adapters := changes.get("adapters"), (str, list)):
            names = adapters.split(",") if isinstance(adapters, str) else adapters
            changes["adapters"] = tuple(name for name in names if name)
        play = replace(self, **changes)
        if play.fault is not None and play.fault not in FAULTS:
            raise ValueError(f"no fault {play.fault}; there are: {', '.join(FAULTS)}")
        return play


@dataclass
class Seen:
    """One request as the server saw it; `disconnected` when the client left before the end."""

    path: str
    body: dict[str, Any]
    adapter: str | None = None
    greedy: bool | None = None
    fault: str | None = None
    status: int = 200
    tokens: int = 0
    finished: bool = False
    disconnected: bool = False


@dataclass
class Log:
    """What happened so far."""

    requests: list[Seen] = field(default_factory=list)
    running: int = 0
    peak: int = 0
    overloaded: int = 0
    disconnects: int = 0
    connections: int = 0

    def wire(self) -> dict[str, Any]:
        """For GET /_requests."""
        return {**vars(self), "requests": [vars(seen) for seen in self.requests]}
