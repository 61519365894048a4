"""Greetings and thanks: they ask nothing, so the documents are not searched for an answer."""

import re

from bot.texts import Texts

WORD = re.compile(r"[^\W\d_]+")
HELLOS = (
    "привет", "приветик", "приветствую", "всем привет", "здравствуй", "здравствуйте", "доброго дня",
    "добрый день", "добрый вечер", "доброе утро", "доброй ночи", "доброго времени суток",
    "hello", "hi", "hey", "hello there", "hi there", "good morning", "good day", "good afternoon",
    "good evening",
)  # fmt: skip
THANKS = (
    "спасибо", "большое спасибо", "спасибо большое", "спасибо огромное", "огромное спасибо",
    "спасибо за ответ", "спасибо за помощь", "благодарю", "благодарю вас", "спс",
    "thanks", "thank you", "many thanks", "thanks a lot", "thank you very much", "thx",
)  # fmt: skip


def reply_to(text: str, words: Texts, private: bool) -> str:
    """What a greeting or thanks is answered with; nothing where the text says more than that."""
    said = " ".join(WORD.findall(text.lower()))
    if said in HELLOS:
        return words.start if private else words.start_group
    return words.you_are_welcome if said in THANKS else ""
