"""Mistral's form of a dialogue, as the adapter was trained on it."""

from collections.abc import Sequence

from assistant.server.types import Message, without_system


def render(messages: Sequence[Message]) -> str:
    """The dialogue as one text, without a system turn; the server itself adds <s> in front.

    Raises ValueError unless user and assistant take turns, the user first.
    """
    parts = []
    for place, message in enumerate(without_system(messages)):
        if message.role != ("user", "assistant")[place % 2]:
            raise ValueError(f"message {place} is from the {message.role}: turns must alternate")
        is_user = message.role == "user"
        parts.append(f"[INST] {message.content} [/INST]" if is_user else f" {message.content}</s>")
    return "".join(parts)
