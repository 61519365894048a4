"""What the fake TGI refuses, in the words of the real one, and the chat template."""

from typing import Any

from tests.fakes.tgi_model import count
from tests.fakes.tgi_play import Play

INVALID = "Input validation error: "
_ROLES = (
    "Template error: syntax error: Conversation roles must alternate"
    " user/assistant/user/assistant/... (in <string>:1)"
)


def type_error(body: Any) -> str | None:
    """The framework's text for a body of the wrong shape."""
    start = "Failed to deserialize the JSON body into the target type: "
    if not isinstance(body, dict) or not isinstance(body.get("inputs"), str):
        return f"{start}missing field `inputs` at line 1 column 2"
    parameters = body.get("parameters", {})
    if not isinstance(parameters, dict):
        return f"{start}parameters: invalid type: null, expected struct GenerateParameters"
    tokens = parameters.get("max_new_tokens")
    if tokens is not None and (not isinstance(tokens, int) or tokens < 0):
        return f"{start}parameters.max_new_tokens: invalid value, expected u32"
    return None


def invalid(play: Play, prompt: str, parameters: dict[str, Any]) -> str | None:
    """The validation text of a request that breaks a rule, in the order of the real server."""
    for name in ("temperature", "repetition_penalty", "top_k", "max_new_tokens"):
        if (value := parameters.get(name)) is not None and value <= 0:
            return f"{INVALID}`{name}` must be strictly positive"
    if (top_p := parameters.get("top_p")) is not None and not 0 < top_p < 1:
        return f"{INVALID}`top_p` must be > 0.0 and < 1.0"
    if not prompt:
        return f"{INVALID}`inputs` cannot be empty"
    tokens, wanted = count(prompt), limit(play, prompt, parameters)
    if tokens + wanted > play.max_total:
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
    return min(1024, play.max_total - count(prompt)) if given is None else int(given)


def template(messages: list[dict[str, Any]]) -> tuple[str, str | None]:
    """Mistral's chat template without <s>: the prompt, or the text of its error."""
    parts = []
    for place, message in enumerate(messages):
        if message.get("role") != ("user", "assistant")[place % 2]:
            return "", _ROLES
        text = message.get("content", "")
        parts.append(f"[INST] {text} [/INST]" if place % 2 == 0 else f" {text}</s>")
    return "".join(parts), None
