"""The rules of TGI's router: which requests are accepted, and how long their answers may be."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from localtgi.errors import invalid
from localtgi.parameters import GenerateRequest, Parameters

MAX_STOP_SEQUENCES = 4
MAX_BEST_OF = 1
MAX_TOP_N_TOKENS = 0
CHUNK = 1024  # tokens that TGI checks and reserves at once


@dataclass(frozen=True)
class Limits:
    """Tokens of a prompt, tokens of prompt and answer, and requests at a time."""

    max_input_tokens: int
    max_total_tokens: int
    max_concurrent_requests: int


@dataclass(frozen=True)
class Job:
    """A request that was accepted, in ids."""

    prompt: list[int]
    parameters: Parameters
    max_new_tokens: int
    seed: int


def accept(
    request: GenerateRequest, limits: Limits, encode: Callable[[str, bool], list[int]]
) -> Job:
    """Check a request and turn it into ids. Raise RequestError with TGI's words."""
    parameters = request.parameters
    check_values(parameters)
    if not request.inputs:
        raise invalid("`inputs` cannot be empty")
    most = limits.max_input_tokens
    keep = parameters.truncate
    if keep is not None and not 0 < keep <= most:
        raise invalid(f"`truncate` must be strictly positive and less than {most}. Given: {keep}")
    prompt = encode(request.inputs, request.special)
    if keep is not None and len(prompt) > keep:
        prompt = prompt[:1] + prompt[len(prompt) - keep + 1 :]  # BOS and the end
    new = _new_tokens(len(prompt), parameters.max_new_tokens, limits)
    seed = random.getrandbits(64) if parameters.seed is None else parameters.seed
    return Job(prompt, parameters, new, seed)


def check_values(given: Parameters) -> None:
    """Check each parameter by itself, in the router's order."""
    rules = [
        (given.best_of, _between(MAX_BEST_OF, MAX_BEST_OF),
         "`best_of` != 1 is not allowed for this endpoint"),
        (given.temperature, _positive, "`temperature` must be strictly positive"),
        (given.repetition_penalty, _positive, "`repetition_penalty` must be strictly positive"),
        (given.frequency_penalty, _between(-2, 2), "`frequency_penalty` must be >= -2.0 and"
         " <= 2.0"),
        (given.top_p, _fraction, "`top_p` must be > 0.0 and < 1.0"),
        (given.typical_p, _fraction, "`typical_p` must be > 0.0 and < 1.0"),
        (given.top_k, _positive, "`top_k` must be strictly positive"),
        (given.max_new_tokens, _positive, "`max_new_tokens` must be strictly positive"),
        (len(given.stop), _between(0, MAX_STOP_SEQUENCES), f"`stop` supports up to"
         f" {MAX_STOP_SEQUENCES} stop sequences. Given: {len(given.stop)}"),
        (given.top_n_tokens, _between(0, MAX_TOP_N_TOKENS), f"`top_n_tokens` must be >= 0 and <="
         f" {MAX_TOP_N_TOKENS}. Given: {given.top_n_tokens}"),
    ]  # fmt: skip
    for value, accepts, text in rules:
        if value is not None and not accepts(value):
            raise invalid(text)
    _refuse_unsupported(given)


def check_streaming(given: Parameters) -> None:
    """What a stream cannot do."""
    if given.best_of not in (None, 1):
        raise invalid("`best_of` != 1 is not supported when streaming tokens")
    if given.decoder_input_details:
        raise invalid("`decoder_input_details` == true is not supported when streaming tokens")


def _refuse_unsupported(given: Parameters) -> None:
    """Refuse what TGI can do and localtgi cannot, rather than leave it out in silence."""
    if given.grammar is not None:
        raise invalid("grammar is not supported")
    asked = {
        "frequency_penalty": given.frequency_penalty not in (None, 0),
        "watermark": given.watermark,
    }
    for name, is_asked in asked.items():
        if is_asked:
            raise invalid(f"`{name}` is not supported by localtgi")


def _new_tokens(prompt: int, asked: int | None, limits: Limits) -> int:
    """The tokens that the answer may have.

    As TGI: only the first chunk has to fit; an answer that outgrows the limits ends early.
    """
    total = limits.max_total_tokens
    wanted = min(CHUNK, max(0, total - prompt)) if asked is None else asked
    first = min(wanted, CHUNK)
    if prompt + first > total:
        raise invalid(
            f"`inputs` tokens + `max_new_tokens` must be <= {total}."
            f" Given: {prompt} `inputs` tokens and {first} `max_new_tokens`"
        )
    if prompt > limits.max_input_tokens:
        most = limits.max_input_tokens
        raise invalid(f"`inputs` must have less than {most} tokens. Given: {prompt}")
    made = first
    while made < wanted:
        chunk = min(wanted - made, CHUNK)
        text = prompt + made
        if text > limits.max_input_tokens or text + chunk > total:
            break
        made += chunk
    return max(1, made)


def _positive(value: float) -> bool:
    return value > 0


def _fraction(value: float) -> bool:
    return 0 < value < 1


def _between(low: float, high: float) -> Callable[[float], bool]:
    return lambda value: low <= value <= high
