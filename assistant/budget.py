"""Fits the prompt into what the running server takes, counted by the server itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.events import Turn
from assistant.prompt import build_messages, passage, turn_messages
from assistant.server.mistral import render
from assistant.server.types import Message, ModelServer, Tokenized
from indexer.errors import UserError

if TYPE_CHECKING:
    from indexer.search import Hit

# Beginning of sequence, and the space that SentencePiece puts before a text.
EXTRA_TOKENS = 2


@dataclass(frozen=True)
class Fitted:
    """The messages to send, what of the wanted parts is in them, and how long the answer may be."""

    messages: tuple[Message, ...]
    hits: "tuple[Hit, ...]"
    turns: tuple[Turn, ...]
    answer_tokens: int


async def fit(
    question: str,
    hits: "Sequence[Hit]",
    history: Sequence[Turn],
    server: ModelServer,
    answer_tokens: int,
) -> Fitted:
    """Leave out the oldest turns, then the worst passages, until the prompt fits.

    No call to the server when the prompt has fewer bytes than the budget has tokens, one when all
    fits, and mostly two when something must go. Raises ServerError, and UserError when the
    question and the best passage alone are too long.
    """
    limits = await server.limits()
    answer = min(answer_tokens, limits.max_total // 2)
    budget = min(limits.max_input, limits.max_total - answer)
    parts = _Parts(question, tuple(hits), tuple(history))
    while True:
        text = render(parts.messages())
        if len(text.encode()) + EXTRA_TOKENS <= budget:
            break
        counted = await server.tokenize(text)
        excess = len(counted.ids) - budget
        if excess <= 0:
            break
        parts = parts.without(excess, _costs(text, counted))
    return Fitted(parts.messages(), parts.hits, parts.turns, answer)


@dataclass(frozen=True)
class _Parts:
    question: str
    hits: "tuple[Hit, ...]"
    turns: tuple[Turn, ...]

    def messages(self) -> tuple[Message, ...]:
        return build_messages(self.question, self.hits, self.turns)

    def without(self, excess: int, cost: Callable[[str], int]) -> "_Parts":
        """The parts that are left when at least one goes, and so many tokens with it."""
        hits, turns = self.hits, self.turns
        while excess > 0:
            if turns:
                excess -= cost(render(turn_messages(turns[0])))
                turns = turns[1:]
            elif len(hits) > 1:
                excess -= cost(passage(len(hits), hits[-1]))
                hits = hits[:-1]
            else:
                raise UserError(
                    "the question and the best passage together are longer than the server takes",
                    "ask in fewer words, or raise MAX_INPUT_TOKENS in deploy/tgi.env",
                )
        return _Parts(self.question, hits, turns)


def _costs(text: str, counted: Tokenized) -> Callable[[str], int]:
    """A function from a part of the text to its tokens; by its share where the server tells no
    offsets, as one with a slow tokenizer does."""
    data = text.encode()

    def cost(part: str) -> int:
        piece = part.encode()
        if not counted.spans:
            return len(counted.ids) * len(piece) // len(data)
        start = data.find(piece)
        return sum(start <= span[0] < start + len(piece) for span in counted.spans)

    return cost
