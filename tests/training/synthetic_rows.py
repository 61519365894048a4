"""Rows in the form of its5Q/yandex-q, made up: every one stands all the rules of `prepare`."""

import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path

from training.data.rows import Row

THINGS = (
    "чайник", "велосипед", "утюг", "фонарь", "пылесос", "насос", "термос", "зонт", "миксер",
    "рюкзак",
)  # fmt: skip
FAULTS = ("не включается", "скрипит", "протекает", "перегревается", "гудит", "болтается")
PARTS = ("ручку", "крышку", "шнур", "прокладку", "ремень", "болт", "клапан", "застёжку")
ADVICE = (
    "Сначала снимите {part} и посмотрите, чисто там или грязно.",
    "Если {part} погнуло, выпрямите её руками, не торопясь.",
    "Потом протрите {part} сухой тканью и поставьте на место.",
    "Проверьте, что {part} ничто не держит с другой стороны.",
    "Через час осмотрите {part} ещё раз и повторите то же самое.",
    "Новую {part} продают в любом хозяйственном магазине.",
)


def make_rows(count: int, seed: int) -> list[Row]:
    """So many rows with different questions; answers of 400 to 1000 characters."""
    chance = random.Random(seed)
    return [_row(number, chance) for number in range(1, count + 1)]


def write_lines(path: Path, rows: Iterable[Row | Mapping[str, object]]) -> Path:
    """Write JSON lines as the data set has them: an absent description is null."""
    values = (vars(row) | {"description": row.description or None} if isinstance(row, Row) else row
              for row in rows)  # fmt: skip
    text = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    path.write_text(text, encoding="utf-8")
    return path


def _row(number: int, chance: random.Random) -> Row:
    thing, fault = chance.choice(THINGS), chance.choice(FAULTS)
    question = f"Что делать, если {thing} модели {number} {fault}?"
    description = (
        f"Мой {thing} служит {chance.randint(2, 5)} сезона, хранится на полке в сухом месте."
        f" Вчера заметил, что он {fault}, и хочу починить его сам, без мастерской."
    )
    advice = [chance.choice(ADVICE).format(part=chance.choice(PARTS)) for _ in range(10)]
    return Row(question, description, f"Модель {number}. " + " ".join(advice))
