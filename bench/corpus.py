"""Make the texts that the benchmark indexes, always the same ones: python bench/corpus.py DIR."""

import argparse
import hashlib
import itertools
import json
import math
import random
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SAMPLE = Path(__file__).resolve().parent.parent / "documents" / "sample"
FILES, QUERIES = 240, 50
VOCABULARY = 6000  # words per language; about as many as a novella has
REAL_SENTENCES, TOPIC_WORDS = 0.3, 0.15  # shares of sentences, of words in the other sentences
ADDED_CHARACTERS = 3000

# For a checkout without documents/sample.
FALLBACK = """
Заявку на отпуск подают за две недели до начала. Руководитель отвечает в течение трёх рабочих дней.
Ключ от серверной хранится у дежурного инженера, и каждая выдача записывается в журнал.
Резервная копия базы данных снимается каждую ночь и хранится тридцать дней на другом сервере.
При пожаре выключите электричество, закройте окна и выйдите по ближайшей лестнице к месту сбора.
Поверку прибора проводят раз в год, после ремонта и после любого падения с высоты больше метра.
Requests for leave are sent two weeks before the first day. The manager answers within three days.
The key to the server room is kept by the engineer on duty, and every loan is written in the log.
A copy of the database is taken every night and kept for thirty days on another machine.
In case of fire switch off the power, close the windows and leave by the nearest stairs.
The instrument is checked once a year, after a repair and after any fall from more than a metre.
"""


@dataclass(frozen=True)
class Language:
    """Real sentences of one language and a vocabulary in Zipf's order, the spliced words last."""

    name: str
    sentences: list[str]
    words: list[str]
    weights: list[float]  # cumulative

    def rare(self, rng: random.Random, count: int) -> list[str]:
        """Words that almost no other text uses: what a text is about."""
        return rng.sample(self.words[len(self.words) // 4 :], count)


def read_sentences(folder: Path) -> list[str]:
    """Every whole sentence of the sample's plain texts, but for those of the office."""
    paths = sorted([*folder.rglob("*.txt"), *folder.rglob("*.md")])
    paths = [path for path in paths if path.parent.name != "office"]  # figures told are without
    text = "\n".join(path.read_text("utf-8", "ignore") for path in paths) or FALLBACK
    lines = re.split(r"(?<=[.!?…])\s+|\n+", text)
    return [line for line in lines if re.fullmatch(r"\w[^|#*`\n]{30,300}[.!?…]", line)]


def make_language(
    name: str, letters: str, sentences: list[str], rng: random.Random, size: int
) -> Language:
    """The vocabulary of one language: its words by frequency, then words spliced from two."""
    own = [line for line in sentences if re.search(letters, line)]
    counts = Counter(re.findall(rf"{letters}{{2,}}", " ".join(own).lower()))
    words = [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    known, long = set(words), [word for word in words if len(word) > 5]
    for _ in range(20 * size):  # few real words have few splices
        if len(words) >= size:
            break
        first, last = rng.choice(long), rng.choice(long)
        word = first[: rng.randint(3, 5)] + last[-rng.randint(3, 5) :]
        if word not in known:
            known.add(word)
            words.append(word)
    weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(words))))
    return Language(name, own, words, weights)


def languages(rng: random.Random, size: int = VOCABULARY) -> list[Language]:
    """Russian and English, from the project's own sample."""
    sentences = read_sentences(SAMPLE)
    russian = make_language("ru", "[а-яё]", sentences, rng, size)
    latin_only = [line for line in sentences if not re.search("[а-яё]", line)]
    return [russian, make_language("en", "[a-z]", latin_only, rng, size)]


def make_sentence(language: Language, topic: list[str], rng: random.Random) -> str:
    """A real sentence, or words as frequent as in real ones with some of the topic's."""
    if rng.random() < REAL_SENTENCES:
        return rng.choice(language.sentences)
    words = rng.choices(language.words, cum_weights=language.weights, k=rng.randint(6, 22))
    words = [rng.choice(topic) if rng.random() < TOPIC_WORDS else word for word in words]
    if len(words) > 12:
        words[rng.randint(4, 8)] += ","
    return " ".join(words).capitalize() + "."


def make_text(language: Language, length: int, rng: random.Random) -> str:
    """Paragraphs about one topic, cut after the sentence that reaches the length."""
    topic, written = language.rare(rng, 12), 0
    paragraphs: list[list[str]] = [[]]
    while written < length:
        if len(paragraphs[-1]) >= rng.randint(3, 8):
            paragraphs.append([])
        sentence = make_sentence(language, topic, rng)
        paragraphs[-1].append(sentence)
        written += len(sentence) + 1
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs) + "\n"


def write_files(folder: Path, count: int, seed: int = 1) -> None:
    """Write the texts: most a few paragraphs, some a few pages, Russian and English in turn."""
    rng = random.Random(seed)
    both = languages(rng)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        language = both[number % 2]
        usual = 680 if language.name == "ru" else 1250
        length = int(min(6000, max(400, rng.lognormvariate(math.log(usual), 0.6))))
        path = folder / f"{language.name}_{number:03}.txt"
        path.write_text(make_text(language, length, rng), "utf-8")


def copy_files(source: Path, folder: Path) -> None:
    """Take the plain texts of somebody's own folder instead."""
    for path in sorted(source.rglob("*.txt")):
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def write_paragraphs(source: Path, folder: Path, count: int) -> None:
    """Take the first paragraphs of a file in SQuAD's form instead, each as a file."""
    articles = json.loads(source.read_text("utf-8"))["data"]
    texts = [paragraph["context"] for article in articles for paragraph in article["paragraphs"]]
    folder.mkdir(parents=True)
    for number, text in enumerate(texts[:count]):
        (folder / f"{number:04}.txt").write_text(text, "utf-8")


def is_english(folder: Path) -> bool:
    """Whether fewer than half of the texts have a Cyrillic letter."""
    texts = [path.read_text("utf-8") for path in folder.rglob("*.txt")]
    return 2 * sum(bool(re.search("[а-яё]", text)) for text in texts) < len(texts)


def added_text(number: int, *, english: bool = False) -> str:
    """The text of a file that appears after indexing, another one for each number."""
    rng = random.Random(1000 + number)
    return make_text(languages(rng)[english], ADDED_CHARACTERS, rng)


def queries(folder: Path, count: int = QUERIES, seed: int = 2) -> list[str]:
    """Questions, one per line: some words in a row of a sentence of some text."""
    rng = random.Random(seed)
    paths = sorted(folder.rglob("*.txt"))
    found: list[str] = []
    while len(found) < count:
        text = rng.choice(paths).read_text("utf-8")
        words = re.findall(r"\w+", rng.choice(re.split(r"(?<=[.!?])\s+", text.strip())))
        if len(words) >= 6:
            start = rng.randint(0, len(words) - 6)
            found.append(" ".join(words[start : start + rng.randint(5, 9)]))
    return found


def describe(folder: Path) -> dict[str, object]:
    """How much there is, and a hash by which two runs can be seen to have read the same."""
    texts = [path.read_bytes() for path in sorted(folder.rglob("*.txt"))]
    digest = hashlib.sha256(b"\0".join(texts)).hexdigest()[:12]
    return {
        "files": len(texts),
        "bytes": sum(map(len, texts)),
        "characters": sum(len(text.decode("utf-8")) for text in texts),
        "sha256": digest,
    }


def main() -> None:
    """Write the texts into DIR and say what they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--files", type=int, default=FILES)
    args = parser.parse_args()
    write_files(args.folder, args.files)
    print(describe(args.folder))


if __name__ == "__main__":
    main()
