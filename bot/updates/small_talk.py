"""What is answered at once to what is no question: the documents are not searched."""

from assistant.question.clean import cleaned
from assistant.question.talk import kind_of, reply
from bot.base.config import BotConfig
from bot.texts import Texts
from bot.texts.about import with_contact


def reply_to(text: str, words: Texts, private: bool, config: BotConfig) -> str:
    """The answer to a greeting, thanks and the like; nothing for a question."""
    kind = kind_of(cleaned(text))
    if kind == "greeting":
        return words.start if private else words.start_group
    if kind == "help":
        return with_contact(words.help, config, words)
    more = "\n\n/help, /about" if kind == "who" else ""
    said = text if any(map(str.isalpha, text)) else words.start  # "👍 1" is in no language
    return reply(kind, said, config.settings.contact) + more if kind else ""
