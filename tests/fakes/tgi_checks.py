"""What the fake TGI refuses, in the words of the real one, and the chat template."""

from collections.abc import Callable
from typing import Any

from tests.fakes.tgi_model import count
from tests.fakes.tgi_play import Play

INVALID = "Input validation error: "
LONGEST_CHUNK = 1024  # of the tokens that are wanted no more is compared with the total
SHAPE = "Failed to deserialize the JSON body into the target type: "
NOT_STREAMED = "is not supported when streaming tokens"
POSITIVE = "must be strictly positive"
PART = "must be > 0.0 and < 1.0"
# A parameter, what it may be, and what is said where it is not.
RULES: list[tuple[str, Callable[[Any], bool], str]] = [
    ("best_of", lambda value: value == 1, "!= 1 is not allowed for this endpoint"),
    ("temperature", lambda value: value > 0, POSITIVE),
    ("repetition_penalty", lambda value: value > 0, POSITIVE),
    ("frequency_penalty", lambda value: -2 <= value <= 2, "must be >= -2.0 and <= 2.0"),
    ("top_p", lambda value: 0 < value < 1, PART),
    ("typical_p", lambda value: 0 < value < 1, PART),
    ("top_k", lambda value: value > 0, POSITIVE),
    ("max_new_tokens", lambda value: value > 0, POSITIVE),
    ("stop", lambda value: len(value) <= 4, "supports up to 4 stop sequences. Given: {}"),
    ("top_n_tokens", lambda value: value <= 5, "must be >= 0 and <= 5. Given: {}"),
]
_ROLES = (
    "Template error: syntax error: Conversation roles must alternate"
    " user/assistant/user/assistant/... (in <string>:1)"
)


def type_error(body: Any) -> str | None:
    """The framework's text for a body of the wrong shape; the column is made up."""
    problem = _type_problem(body)
    return f"{SHAPE}{problem} at line 1 column 2" if problem else None


def _type_problem(body: Any) -> str | None:
    if not isinstance(body, dict):
        return "invalid length 0, expected struct GenerateRequest with 2 elements"
    if "inputs" not in body:
        return "missing field `inputs`"
    if not isinstance(body["inputs"], str):
        return f"inputs: invalid type: {_named(body['inputs'])}, expected a string"
    parameters = body.get("parameters", {})
    if not isinstance(parameters, dict):
        return "parameters: invalid type: null, expected struct GenerateParameters"
    if isinstance(adapter := parameters.get("adapter_id"), int):
        return f"parameters.adapter_id: invalid type: {_named(adapter)}, expected a string"
    tokens = parameters.get("max_new_tokens")
    if isinstance(tokens, float) or (isinstance(tokens, int) and tokens < 0):
        kind = "type" if isinstance(tokens, float) else "value"
        return f"parameters.max_new_tokens: invalid {kind}: {_named(tokens)}, expected u32"
    return None


def _named(value: object) -> str:
    """As serde calls it."""
    kind = {int: "integer", float: "floating point"}.get(type(value), "map")
    return f"{kind} `{value}`"


def invalid(
    play: Play, prompt: str, parameters: dict[str, Any], streams: bool = False
) -> str | None:
    """The validation text of a request that breaks a rule, in the order of the real server."""
    if streams and parameters.get("best_of", 1) != 1:
        return f"{INVALID}`best_of` != 1 {NOT_STREAMED}"
    if streams and parameters.get("decoder_input_details"):
        return f"{INVALID}`decoder_input_details` == true {NOT_STREAMED}"
    for name, fits, words in RULES:
        if (value := parameters.get(name)) is not None and not fits(value):
            given = len(value) if isinstance(value, list) else value
            return f"{INVALID}`{name}` {words.format(given)}"
    if not prompt:
        return f"{INVALID}`inputs` cannot be empty"
    if (cut := parameters.get("truncate")) is not None and not 0 < cut < play.max_input:
        most = f"strictly positive and less than {play.max_input}"
        return f"{INVALID}`truncate` must be {most}. Given: {cut}"
    if parameters.get("grammar") is not None:
        return f"{INVALID}grammar is not supported"
    tokens, wanted = count(prompt), limit(play, prompt, parameters)
    if tokens + min(wanted, LONGEST_CHUNK) > play.max_total:
        return (
            f"{INVALID}`inputs` tokens + `max_new_tokens` must be <= {play.max_total}."
            f" Given: {tokens} `inputs` tokens and {wanted} `max_new_tokens`"
        )
    if tokens > play.max_input:
        return f"{INVALID}`inputs` must have less than {play.max_input} tokens. Given: {tokens}"
    return None


def limit(play: Play, prompt: str, parameters: dict[str, Any]) -> int:
    """How many tokens are generated at most."""
    given = parameters.get("max_new_tokens")
    room = max(0, play.max_total - count(prompt))
    return min(LONGEST_CHUNK, room) if given is None else int(given)


def template(messages: list[dict[str, Any]]) -> tuple[str, str | None]:
    """Mistral's chat template: the prompt, or the text of its error."""
    parts = []
    for place, message in enumerate(messages):
        if message.get("role") != ("user", "assistant")[place % 2]:
            return "", _ROLES
        text = message.get("content", "")
        parts.append(f"[INST] {text} [/INST]" if place % 2 == 0 else f" {text}</s>")
    return "".join(parts) or "<s>", None
