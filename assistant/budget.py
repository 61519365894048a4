"""Fits the prompt into what the running server takes, counted by the server itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.events import Turn
from assistant.prompt import Frame, build_messages, passage, turn_messages
from assistant.server.errors import TooLong
from assistant.server.protocols.mistral import render
from assistant.server.types import Message, ModelServer

if TYPE_CHECKING:
    from indexer.search.searcher import Hit

# Beginning of sequence, and the space that SentencePiece puts before a text.
EXTRA_TOKENS = 2
# Of an old dialogue no more is sent to be counted: tokens are shorter, and TGI takes 2 MB at most.
TURN_BYTES_PER_TOKEN = 16


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
    frame: Frame,
    most: int | None = None,
) -> Fitted:
    """Leave out the oldest turns, then the worst passages, until the prompt fits.

    No call to the server when the prompt has fewer bytes than the budget has tokens, one when all
    fits, and mostly two when something must go. `most` is a smaller budget, in tokens as the server
    counts them. Raises ServerError, of which TooLong says that even one passage is too much.
    """
    limits = await server.limits()
    answer = min(answer_tokens, limits.max_total // 2)
    budget = min(limits.max_input, limits.max_total - answer)
    parts = _Parts(frame, question, tuple(hits), _newest(history, TURN_BYTES_PER_TOKEN * budget))
    while True:
        text = render(parts.messages())
        if most is None and len(text.encode()) + EXTRA_TOKENS <= budget:
            break
        counted = await server.tokenize(text)
        excess = len(counted.ids) - (budget if most is None else min(budget, most))
        if excess <= 0:
            break
        parts = parts.without(excess, counted.counts(_cut(text, parts.texts()))[1::2])
    return Fitted(parts.messages(), parts.hits, parts.turns, answer)


async def fewer(fitted: Fitted, refusal: TooLong, server: ModelServer) -> int:
    """The budget for another try: by the server's numbers, and smaller by a part at least."""
    sent = len((await server.tokenize(render(fitted.messages))).ids)
    return min(sent - 1, int(sent * refusal.share))


def _newest(history: Sequence[Turn], most: int) -> tuple[Turn, ...]:
    """The last turns that have together no more than `most` bytes."""
    kept: list[Turn] = []
    for turn in reversed(history):
        most -= len(turn.question.encode()) + len(turn.answer.encode())
        if most < 0:
            break
        kept.insert(0, turn)
    return tuple(kept)


@dataclass(frozen=True)
class _Parts:
    """The question with the parts that can be left out: turns, oldest first, and passages."""

    frame: Frame
    question: str
    hits: "tuple[Hit, ...]"
    turns: tuple[Turn, ...]

    def messages(self) -> tuple[Message, ...]:
        return build_messages(self.question, self.hits, self.turns, self.frame)

    def texts(self) -> list[str]:
        """How each turn, and then each passage, stands in the prompt."""
        turns = [render(turn_messages(turn)) for turn in self.turns]
        return turns + [
            passage(number, hit, self.frame) for number, hit in enumerate(self.hits, start=1)
        ]

    def without(self, excess: int, costs: Sequence[int]) -> "_Parts":
        """What is left when the oldest turns, then the worst passages, go until so many tokens do.

        `costs` are those of the turns and passages. At least one of them goes.
        """
        turns, hits = costs[: len(self.turns)], costs[len(self.turns) :]
        order = [*turns, *reversed(hits[1:])]
        gone, freed = 0, 0
        while freed < excess:
            if gone == len(order):
                raise TooLong(
                    "the question and the best passage together are longer than the server takes",
                    "ask in fewer words, or raise MAX_INPUT_TOKENS in deploy/tgi.local.env",
                )
            freed += order[gone]
            gone += 1
        kept = len(self.hits) - max(0, gone - len(turns))
        return _Parts(self.frame, self.question, self.hits[:kept], self.turns[gone:])


def _cut(text: str, parts: Sequence[str]) -> list[str]:
    """The text in pieces, every second of which is one of the parts, in their order."""
    pieces = []
    for part in parts:
        before, _, text = text.partition(part)
        pieces += [before, part]
    return [*pieces, text]
