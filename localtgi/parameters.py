"""The bodies of requests: JSON to dataclasses, with the types that TGI's framework insists on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from localtgi.errors import BadBody


class Kind(NamedTuple):
    """A type of the wire: its name for the error, and the test of a value."""

    name: str
    accepts: Callable[[Any], bool]


def _integer(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


U32, U64 = Kind("u32", _integer(0, 2**32 - 1)), Kind("u64", _integer(0, 2**64 - 1))
I32 = Kind("i32", _integer(-(2**31), 2**31 - 1))
F32 = Kind("f32", lambda value: type(value) in (int, float))
BOOL = Kind("a boolean", lambda value: type(value) is bool)
STR = Kind("a string", lambda value: isinstance(value, str))
STRINGS = Kind(
    "a sequence of strings",
    lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
)
OBJECT = Kind("a map", lambda value: isinstance(value, dict))
LIST = Kind("a sequence", lambda value: isinstance(value, list))
ANY = Kind("anything", lambda value: True)

PARAMETERS = {
    "adapter_id": STR, "best_of": U64, "temperature": F32, "repetition_penalty": F32,
    "frequency_penalty": F32, "top_k": I32, "top_p": F32, "typical_p": F32, "do_sample": BOOL,
    "max_new_tokens": U32, "return_full_text": BOOL, "stop": STRINGS, "truncate": U64,
    "watermark": BOOL, "details": BOOL, "decoder_input_details": BOOL, "seed": U64,
    "top_n_tokens": U32, "grammar": OBJECT,
}  # fmt: skip
NOT_NULL = ("do_sample", "stop", "watermark", "details", "decoder_input_details")


@dataclass(frozen=True)
class Parameters:
    """The parameters of the native routes. None: not given."""

    adapter_id: str | None = None
    best_of: int | None = None
    temperature: float | None = None
    repetition_penalty: float | None = None
    frequency_penalty: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    typical_p: float | None = None
    do_sample: bool = False
    max_new_tokens: int | None = None
    return_full_text: bool | None = None
    stop: tuple[str, ...] = ()
    truncate: int | None = None
    watermark: bool = False
    details: bool = False
    decoder_input_details: bool = False
    seed: int | None = None
    top_n_tokens: int | None = None
    grammar: Mapping[str, Any] | None = field(default=None, hash=False)

    @property
    def samples(self) -> bool:
        """Whether tokens are drawn: when asked for, and with any warper that does something."""
        warped = self.top_k is not None or self.top_p is not None or self.typical_p is not None
        return self.do_sample or warped or self.temperature not in (None, 1.0)


@dataclass(frozen=True)
class GenerateRequest:
    """A text to continue; `special` says whether BOS is put before it."""

    inputs: str
    parameters: Parameters
    stream: bool = False
    special: bool = True


def read_generate(body: Any) -> GenerateRequest:
    """Read the body of /generate, /generate_stream, / and /tokenize. Raise BadBody."""
    kinds = {"inputs": STR, "parameters": OBJECT, "stream": BOOL}
    fields = read_fields(body, kinds, ("parameters", "stream"))
    require(fields, "inputs")
    if "parameters" in fields:
        given = read_fields(fields["parameters"], PARAMETERS, NOT_NULL, "parameters.")
        given["stop"] = tuple(given.get("stop", ()))
        parameters = Parameters(**given)
    else:
        parameters = Parameters(do_sample=True)  # as TGI: only an absent object means sampling
    return GenerateRequest(fields["inputs"], parameters, fields.get("stream", False))


def read_fields(
    body: Any, kinds: Mapping[str, Kind], not_null: tuple[str, ...] = (), path: str = ""
) -> dict[str, Any]:
    """The known fields of an object, checked; null is as not given, unless in `not_null`."""
    if not isinstance(body, dict):
        raise _wrong(path.rstrip(".") or "the body", OBJECT)
    found = {}
    for name, kind in kinds.items():
        value = body.get(name)
        if name not in body or (value is None and name not in not_null):
            continue
        if not kind.accepts(value):
            raise _wrong(path + name, kind)
        found[name] = value
    return found


def require(fields: Mapping[str, Any], name: str) -> None:
    """Raise BadBody if a field is not there."""
    if name not in fields:
        raise unreadable(f"missing field `{name}`")


def unreadable(reason: str) -> BadBody:
    """A body that is JSON, but not the JSON that the route takes."""
    text = f"Failed to deserialize the JSON body into the target type: {reason}"
    return BadBody(422, text)


def _wrong(path: str, kind: Kind) -> BadBody:
    return unreadable(f"{path}: invalid type or value, expected {kind.name}")
