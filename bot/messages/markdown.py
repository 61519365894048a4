"""A model's Markdown as text and spans: nothing lost, nothing that Telegram would refuse."""

import re
import unicodedata
from collections.abc import Collection, Iterable

from telegramify_markdown import convert
from telegramify_markdown.config import RenderConfig

from bot.messages.addresses import inert
from bot.messages.hiding import NOTHING, RESERVED, SHOWN
from bot.messages.parts import Span, utf16_borders
from bot.messages.protect import item_numbers, protected
from bot.messages.spans import nested

LINE_ENDS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
# What is not seen: marks without a width, orders about the direction of writing, tags except
# those of a flag, and joiners except between letters of scripts that need them and in emoji.
JOINED = "[\u0590-\u1fff\u2190-\U0010ffff]"
UNSEEN = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e007a]+\U000e007f)"
    "|[\xad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|[\U000e0000-\U000e007f]"
    f"|(?<!{JOINED})[\u200c\u200d]+|[\u200c\u200d]+(?!{JOINED})"
)
NUMBERED = "\U0010fffd"  # stands after the numbers that the converter gives to items
REPLACED = re.compile(rf"(\d+{NUMBERED}|{NOTHING})")


def _symbols() -> RenderConfig:
    config = RenderConfig.isolated()
    symbols = config.markdown_symbol
    symbols.heading_level_1 = symbols.heading_level_2 = ""
    symbols.heading_level_3 = symbols.heading_level_4 = ""
    symbols.task_uncompleted, symbols.unordered_list_item = "☐", "•"
    symbols.ordered_list_suffix = NUMBERED
    return config


SYMBOLS = _symbols()


def clean(text: str) -> str:
    """The text as a message can hold it: no lone surrogates, control or invisible characters.

    Telegram makes one space of a tab; here it is as many as code needs.
    """
    text = LINE_ENDS.sub("\n", text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    shown = (char for char in text if char in "\n\t" or unicodedata.category(char) != "Cc")
    return UNSEEN.sub(r"\1", "".join(shown)).expandtabs(4)


def parse(markdown: str, hosts: Collection[str] = ()) -> tuple[str, list[Span]]:
    """The text to show and its spans.

    Links hide their address only for pages of these hosts; all others are spelled out. What
    Telegram would make active by itself becomes code.
    """
    reserved = dict.fromkeys([*RESERVED, ord(NUMBERED)], "\ufffd")
    source = protected(markdown.translate(reserved), hosts)
    text, entities = convert(source, latex_escape=False, config=SYMBOLS)
    borders = utf16_borders(text)
    text, moved = _as_written(text, item_numbers(source))
    places = dict(zip(borders, moved, strict=True))
    spans = [
        Span(
            entity.type,
            places[entity.offset],
            places[entity.offset + entity.length],
            entity.url and entity.url.translate(SHOWN),
            entity.language,
        )
        for entity in entities
    ]
    return text, list(nested([*spans, *inert(text, spans)]))


def _as_written(text: str, numbers: Iterable[str]) -> tuple[str, list[int]]:
    """The text with the numbers that its items had, and where each of its characters is now."""
    written, moved, size = [], [], 0
    following = iter(numbers)
    for piece in REPLACED.split(text):
        new = "" if piece == NOTHING else piece.translate(SHOWN)
        if piece.endswith(NUMBERED):
            new = next(following)
        moved += [size + min(at, len(new)) for at in range(len(piece))]
        written.append(new)
        size += len(new)
    return "".join(written), [*moved, size]
