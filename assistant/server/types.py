"""What a client of a model server takes and gives, whichever server it is."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Reason = Literal["stop", "length"]


@dataclass(frozen=True)
class Message:
    """A turn of a dialogue: the user first, then they alternate; a system message before all."""

    role: Literal["system", "user", "assistant"]
    content: str


def without_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The dialogue for a template without system messages: the last turn begins with its text."""
    if not messages or messages[0].role != "system":
        return tuple(messages)
    system, *turns, last = messages
    return (*turns, Message(last.role, f"{system.content}\n\n{last.content}"))


@dataclass(frozen=True)
class Limits:
    """What the server takes: tokens of a prompt, tokens with the answer, requests at a time."""

    model: str
    max_input: int
    max_total: int
    max_concurrent: int


@dataclass(frozen=True)
class Finish:
    """The end of a whole answer: by the model itself (stop) or by the limit of tokens (length).

    `thought` tells that the server sent thinking apart from the answer.
    """

    reason: Reason
    tokens: int
    input_tokens: int | None = None
    thought: bool = False


@dataclass(frozen=True)
class Tokenized:
    """The tokens of a text, with where each begins and ends in its UTF-8 bytes.

    `spans` is empty when the server cannot say; `exact` is False for an estimate.
    """

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    exact: bool = True

    def counts(self, parts: Sequence[str]) -> list[int]:
        """How many tokens each part takes, the parts being, in order, the text that was tokenized.

        A token counts for the part it begins in. Without spans, a share by bytes, rounded up.
        """
        sizes = [len(part.encode()) for part in parts]
        if not self.spans:
            whole = sum(sizes) or 1
            return [-(-len(self.ids) * size // whole) for size in sizes]
        found = [0] * len(parts)
        part, end = 0, sizes[0] if sizes else 0
        for start, _ in self.spans:
            while start >= end and part < len(parts) - 1:
                part += 1
                end += sizes[part]
            found[part] += 1
        return found


@dataclass(frozen=True)
class GeneratedToken:
    """One token as the server chose it; `logprob` is a natural logarithm."""

    id: int
    text: str
    logprob: float | None
    special: bool


@dataclass(frozen=True)
class Generation:
    """A whole continuation of a prompt, with its tokens; `text` is without special ones."""

    text: str
    tokens: tuple[GeneratedToken, ...]
    finish: Finish


@dataclass(frozen=True)
class Queue:
    """How many requests wait at the server, and how many it works on."""

    waiting: int
    running: int


class ModelServer(Protocol):
    """A model server as the assistant uses it. Every method may raise ServerError.

    `model` is the name by which it answered last, "" where it tells none; `slots` is how many
    requests it takes at a time, None while that is not known.
    """

    model: str

    @property
    def slots(self) -> int | None: ...

    async def __aenter__(self) -> "ModelServer":
        """Open nothing yet: connections are made when they are needed."""
        ...

    async def __aexit__(self, *reason: object) -> None:
        """Close every connection."""

    async def aclose(self) -> None:
        """Close every connection."""

    async def health(self) -> None:
        """Return if the server can work, or just could, within 10 s; otherwise raise."""

    async def limits(self) -> Limits:
        """Say what the server takes; asked once."""
        ...

    async def tokenize(self, text: str) -> Tokenized:
        """Cut a text into tokens, with the beginning-of-sequence token where the server adds it."""
        ...

    def stream(
        self, messages: Sequence[Message], max_new_tokens: int
    ) -> AsyncGenerator[str | Finish, None]:
        """Yield the answer's text as it comes, then one Finish; anything else raises."""
        ...


class Subject(Protocol):
    """A server of which it can be proven that it applies an adapter: its tokens can be compared.

    A name that it refuses raises UnknownModel.
    """

    async def base_name(self, adapter: str) -> str:
        """What to ask for in place of an adapter to have the base model answer."""
        ...

    async def queue(self) -> Queue:
        """How many requests wait and run."""
        ...

    async def generate(self, prompt: str, *, adapter: str, max_new_tokens: int) -> Generation:
        """Continue a text, greedily; every token with its log-probability."""
        ...

    async def next_token(
        self, prompt: str, answer: Sequence[GeneratedToken], *, adapter: str
    ) -> GeneratedToken | None:
        """The token after the beginning of an answer, when that is read and not decoded.

        None where the server cannot be given the very same tokens.
        """
        ...
