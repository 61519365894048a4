"""Question sets in SQuAD's JSON form: each paragraph becomes a text file, relevant to its own."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.evaluate.questions import Question


@dataclass(frozen=True)
class QuestionSet:
    """Texts by path in the documents folder, and questions of one language that they answer."""

    language: str
    texts: dict[str, str]
    questions: list[Question]
    ids: list[str]  # of the questions; the same ones in every language


def language_of(file: Path) -> str:
    """The middle of the name: xquad.ru.json is Russian."""
    parts = file.name.split(".")
    return parts[-2] if len(parts) > 2 else file.stem


def read_set(file: Path, limit: int | None) -> QuestionSet:
    """The first paragraphs (all without a limit) with their questions; equal texts are one file."""
    articles = json.loads(file.read_text("utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]][:limit]
    language = language_of(file)
    paths: dict[str, str] = {}
    questions, ids = [], []
    for paragraph in paragraphs:
        path = paths.setdefault(paragraph["context"], f"{language}/{len(paths):04}.txt")
        questions += [Question(qa["question"], path, None) for qa in paragraph["qas"]]
        ids += [qa["id"] for qa in paragraph["qas"]]
    return QuestionSet(language, {path: text for text, path in paths.items()}, questions, ids)


def crossed(asked: QuestionSet, read: QuestionSet) -> QuestionSet:
    """The questions of one language over the texts of another, for those that both have."""
    answers = {key: question.file for key, question in zip(read.ids, read.questions, strict=True)}
    both = [pair for pair in zip(asked.ids, asked.questions, strict=True) if pair[0] in answers]
    questions = [replace(question, file=answers[key]) for key, question in both]
    return QuestionSet(asked.language, read.texts, questions, [key for key, _ in both])


def read_sets(folder: Path, limit: int | None) -> list[QuestionSet]:
    """Every *.json of the folder that holds questions, the Russian ones first."""
    sets = [read_set(file, limit) for file in sorted(folder.glob("*.json"))]
    return sorted((s for s in sets if s.questions), key=lambda s: (s.language != "ru", s.language))


def write_texts(folder: Path, texts: dict[str, str]) -> None:
    """Lay the texts out as a documents folder."""
    for path, text in texts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
