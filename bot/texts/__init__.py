"""Every word that the bot says by itself, in Russian and in English."""

from bot.texts.english import EN
from bot.texts.russian import RU
from bot.texts.words import Texts

__all__ = ["EN", "RU", "Texts", "texts_for"]


def texts_for(language_code: str | None) -> Texts:
    """The words for a person whose Telegram speaks this language; English for all but Russian."""
    return RU if (language_code or "").lower().startswith("ru") else EN
