"""Greetings, thanks and who the bot is: the documents are not searched, no limit counts them."""

import re

from bot.texts import Texts

WORD = re.compile(r"[^\W\d_]+")
HELLOS = (
    "привет", "приветик", "приветствую", "всем привет", "здравствуй", "здравствуйте", "доброго дня",
    "добрый день", "добрый вечер", "доброе утро", "доброй ночи", "доброго времени суток",
    "hello", "hi", "hey", "hello there", "hi there", "good morning", "good day", "good afternoon",
    "good evening", "здраствуйте", "здрасте", "здрасьте", "хай",
)  # fmt: skip
THANKS = (
    "спасибо", "большое спасибо", "спасибо большое", "спасибо огромное", "огромное спасибо",
    "спасибо за ответ", "спасибо за помощь", "благодарю", "благодарю вас", "спс",
    "спасибо понятно", "понятно спасибо", "понял спасибо", "поняла спасибо", "ок спасибо", "ок",
    "окей", "понятно", "ясно", "понял", "поняла", "хорошо", "отлично", "ok", "okay", "got it",
    "ok thanks", "thanks", "thank you", "many thanks", "thanks a lot", "thank you very much", "thx",
)  # fmt: skip


WHO = (
    "кто ты", "ты кто", "а ты кто", "кто вы", "что ты умеешь", "что ты можешь", "что вы умеете",
    "как тобой пользоваться", "помоги", "help", "who are you", "what can you do",
)  # fmt: skip
CALLED = ("бот", "bot")


def reply_to(text: str, words: Texts, private: bool) -> str:
    """What is answered where the text says no more than that; nothing for a question."""
    said = " ".join(word for word in WORD.findall(text.lower()) if word not in CALLED)
    if said in HELLOS:
        return words.start if private else words.start_group
    if said in WHO:
        return words.help
    return words.you_are_welcome if said in THANKS else ""
