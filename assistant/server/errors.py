"""What can go wrong between the assistant and the model server.

UserError
└── ServerError                                                       exit code
    ├── ServerDown        nothing answers: name, route, silence               3
    │   ├── Refused       nobody listens at the address: stopped or starting  3
    │   └── Unhealthy     it answers that it cannot work                      3
    │       └── Loading   it will, once its model is loaded                   3
    ├── ServerBusy        every place is taken                                1
    ├── Unauthorized      the API key is missing or wrong                     1
    ├── BadRequest        the request is against the server's rules           1
    │   └── TooLong       it has more tokens or bytes than the server takes   1
    ├── BadReply          this is not the server, or not the model, meant     1
    │   └── UnknownModel  the server has no model of that name            1
    ├── GenerationFailed  the server's model failed                           1
    └── Incomplete        the answer was cut short                            1
        └── Deadline      by our own limit of time                            1
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import UserError

SAID = 200
# As TGI, vLLM (each of its texts), SGLang, llama.cpp, LM Studio and TabbyAPI say it.
_CONTEXT = re.compile(
    r"tokens. must (be <=|have less than)|(maximum|model's) context length|max_(seq|model)_len"
    r"|exceed\w* .*context|context.?(size|length|window|.*overflow).*exceed|context .*overflow"
    r"|(longer|greater) than .*context|context length (is|of) only|length limit exceeded"
    r"|context_length_exceeded",
    re.IGNORECASE,
)
_SIZE = re.compile(r"too (long|large)", re.IGNORECASE)
_MODEL = re.compile(
    r"model.* (not exist|not found)|no such model|(not a valid|invalid) model|model_not_found",
    re.IGNORECASE,
)
# LM Studio and TabbyAPI, which run without one.
_UNLOADED = re.compile(r"\bno models? (is|are)?\s*(currently )?loaded", re.IGNORECASE)
_LOADING = re.compile(r"loading model|model is loading", re.IGNORECASE)  # llama.cpp
_SYSTEM = re.compile(r"roles must alternate|system.{0,20} role|user and assistant roles", re.I)


class ServerError(UserError):
    """The model server, or the way to it, failed.

    `in_short` is the message without what the server said, which may repeat a person's words.
    """

    advice = "see what it says: opsctl logs server"
    advice_to_others = "see the log of the model server"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint or self.advice)
        self.in_short = message

    @classmethod
    @contextmanager
    def of_others(cls) -> Iterator[None]:
        """Give errors the advice for a server that others start and stop."""
        try:
            yield
        except cls as error:
            if error.hint == error.advice:
                error.hint = error.advice_to_others
            raise


class ServerDown(ServerError):
    """The server cannot be reached."""

    exit_code = 3
    advice = (
        "opsctl status, then opsctl start (opsctl restart where it hangs);"
        " OPSCTL_SERVER_URL says where the server is"
    )
    advice_to_others = "start it where OPSCTL_SERVER_URL says that it runs; then: opsctl status"


class Refused(ServerDown):
    """Nobody listens at the address: the server is stopped, or not ready yet."""

    advice = "opsctl start; one that is starting opens its port last: opsctl logs server"
    advice_to_others = (
        "start it where it runs; one that is starting opens its port last: opsctl status"
    )


class Unhealthy(ServerDown):
    """The server answers, and says that it cannot work."""

    advice = "opsctl logs server says why; then opsctl restart"
    advice_to_others = "see its log: is it still loading a model? then: opsctl status"


class Loading(Unhealthy):
    """The server answers already, and loads its model."""

    advice = "opsctl status shows when it is ready, opsctl logs -f how far it is"
    advice_to_others = "wait for it: opsctl status"


class ServerBusy(ServerError):
    """The server takes no more requests for now."""

    advice = "ask again in a minute; opsctl status shows the queue"
    advice_to_others = "ask again in a minute: opsctl status; with more slots it answers more"


class Unauthorized(ServerError):
    """The server wants another API key."""

    advice = "set OPSCTL_API_KEY in .env to the key that the server was started with"
    advice_to_others = advice


class BadRequest(ServerError):
    """The server refuses what it was asked."""

    advice = "opsctl doctor checks the settings of the server"
    advice_to_others = (
        "see the log of the model server; opsctl ask --show-prompt shows what is sent"
    )


class TooLong(BadRequest):
    """The prompt, with the answer, does not fit into the model.

    `share` is what of it fits, by the two numbers that the server tells; 1 where it tells none.
    """

    share: float = 1
    advice = "ask a shorter question, or lower OPSCTL_TOP_K; opsctl status shows the limits"
    advice_to_others = (
        "ask a shorter question, lower OPSCTL_TOP_K, or start it with a longer context"
    )


class BadReply(ServerError):
    """What answers does not speak the protocol that was expected."""

    advice = "set OPSCTL_SERVER_URL and OPSCTL_SERVER_API (tgi or openai) in .env: opsctl status"
    advice_to_others = advice


class UnknownModel(BadReply):
    """The server has no model, or adapter, of the name that was asked for."""

    advice = "set OPSCTL_SERVER_MODEL in .env to a name that the server has"
    advice_to_others = advice


class GenerationFailed(ServerError):
    """The model failed while it was writing."""

    advice = "opsctl logs server says why; if it happens again: opsctl restart"
    advice_to_others = "see the log of the model server"


class Incomplete(ServerError):
    """The answer ended early; `text` is what did arrive, in `tokens` pieces."""

    advice = "ask again; if it happens again: opsctl logs server"
    advice_to_others = "ask again; if it happens again, see the log of the model server"

    def __init__(self, message: str, hint: str = "", tokens: int = 0, text: str = "") -> None:
        super().__init__(message, hint)
        self.tokens = tokens
        self.text = text


class Deadline(Incomplete):
    """The answer took longer than it may."""

    advice = "ask again when the server is less busy: opsctl status"
    advice_to_others = "ask again when it is less busy, or raise OPSCTL_ANSWER_SECONDS"


# The first words of TGI's texts: its chat route gives every error the same status.
_TEXTS: dict[str, type[ServerError]] = {
    "model is overloaded": ServerBusy,
    "request failed during generation": GenerationFailed,
    "incomplete generation": Incomplete,
    "stream event serialization": Incomplete,
    "template error": BadRequest,
    "tool error": BadRequest,
}
_STATUSES: dict[int, type[ServerError]] = {
    401: Unauthorized, 403: Unauthorized, 404: BadReply, 405: BadReply, 413: TooLong,
    429: ServerBusy, 424: GenerationFailed, 502: Unhealthy, 503: Unhealthy, 504: Unhealthy,
}  # fmt: skip
_WORDS: dict[type[ServerError], str] = {
    ServerBusy: "the model server has no free place",
    Unauthorized: "the model server did not accept the API key",
    TooLong: "the question with its sources is too long for the model",
    BadRequest: "the model server refused the request",
    UnknownModel: "the model server has no such model",
    BadReply: "what answers there is not the model server that was expected",
    GenerationFailed: "the model server failed while it was answering",
    Incomplete: "the model server broke the answer off",
    Unhealthy: "the model server is not healthy",
    Loading: "the model server is still loading its model",
}


def refusal(status: int, text: str) -> ServerError:
    """The error for an HTTP status and what the server said, which may be nothing."""
    family = _family(status, text)
    error = family(_WORDS[family] + (f": {text}" if text else f" (HTTP {status}, no text)"))
    error.in_short = f"{_WORDS[family]} (HTTP {status})"
    if isinstance(error, TooLong):
        error.share = _fitting(text)
    return error


def takes_no_system(text: str) -> bool:
    """Tell whether a refusal means that the model's template has no system messages."""
    return bool(_SYSTEM.search(text))


def _fitting(text: str) -> float:
    """The limit over what was asked for: in every server's text the two largest numbers."""
    numbers = sorted({int(number) for number in re.findall(r"\d{3,9}", text)})
    return numbers[-2] / numbers[-1] if len(numbers) > 1 else 1


def _family(status: int, text: str) -> type[ServerError]:
    for start, family in _TEXTS.items():
        if text.lower().startswith(start):
            return family
    known = status in (400, 413, 422)
    if ((known or status == 500) and _CONTEXT.search(text)) or (known and _SIZE.search(text)):
        return TooLong
    if status in (400, 404, 503) and _UNLOADED.search(text):
        return Unhealthy
    if status == 503 and _LOADING.search(text):
        return Loading
    if status in (400, 404, 422) and _MODEL.search(text):
        return UnknownModel
    if takes_no_system(text):
        return BadRequest
    if status in _STATUSES:
        return _STATUSES[status]
    if status >= 500:
        return GenerationFailed
    return BadRequest if 400 <= status < 500 else BadReply


def said(text: str, secret: str | None) -> str:
    """What a server said, in one line of at most SAID characters, without the secret."""
    if secret:
        text = re.sub(re.escape(secret), "***", text, flags=re.IGNORECASE)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split()).rstrip(".")
    return line if len(line) <= SAID else line[: SAID - 1] + "…"
