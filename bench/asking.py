"""How questions may be said: python bench/asking.py. The sample questions in other letters, with
courtesy around them, misspelt; and dialogues of three turns.

Every answer is made by assistant.answer from quotations, over an index of documents/sample.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant.evaluate import TOP_K
from assistant.evaluate.answers import by_quoting, folded
from assistant.events import Done, Turn
from bench.speed import ROOT
from bench.table import align
from indexer.embedders import HashedStems
from indexer.passages.words import content_words, is_cyrillic
from indexer.search.searcher import Searcher
from indexer.sync.reindex import Chunking, reindex

QUESTIONS = ROOT / "bench" / "questions"
# Around a question, in Russian and in English; {q} begins with a small letter, {Q} does not.
WRAPPINGS = (
    ("{Q}", "{Q}"),
    ("Добрый день. {Q}", "Hi! {Q}"),
    ("Подскажите, пожалуйста, {q}", "Please tell me {q}"),
    ("Коллеги, кто знает, {q}", "Can you tell me {q}"),
    ("{Q} Спасибо.", "{Q} Thanks."),
    (
        "Извините за беспокойство, но мне срочно нужно узнать: {q}",
        "I would like to know {q}",
    ),
    (
        "Здравствуйте! Подскажите, пожалуйста, {q} Заранее спасибо!",
        "Hello! Could you please tell me, {q} Thank you in advance!",
    ),
)
FORMS: dict[str, Callable[[str], str]] = {
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "a soft hyphen in each word": lambda text: _inside(text, "\xad"),
    "a zero-width space in each word": lambda text: _inside(text, "\u200b"),
}
LEGEND = """\
"refused": nothing is found. "right file": of the first source. "as plain": the same text, word for
word. Of a dialogue's follow-ups "right" says that the answer holds the expected text, of its new
questions "coloured" that the answer is another one than without the turns before.
"""
Row = dict[str, Any]
Ask = Callable[..., Done]


def read(name: str) -> list[Row]:
    """A set of questions, a JSON object a line."""
    lines = (QUESTIONS / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def wrapped(question: str, wrapping: tuple[str, str]) -> str:
    """The question with courtesy of its language around it."""
    pattern = wrapping[0 if is_cyrillic(question) else 1]
    return pattern.format(Q=question, q=question[0].lower() + question[1:])


def misspelt(question: str, dice: random.Random) -> str:
    """The question with one wrong letter in its longest word."""
    longest = max(content_words(question), key=len)
    place = dice.randrange(1, len(longest) - 1)
    wrong = longest[:place] + longest[place + 1] + longest[place] + longest[place + 2 :]
    return question.lower().replace("ё", "е").replace(longest, wrong)


def _inside(text: str, mark: str) -> str:
    return " ".join(word[:2] + mark + word[2:] for word in text.split())


def forms_and_wrappings(ask: Ask) -> str:
    """One row for each way to write or wrap the questions."""
    known, unknown = read("sample"), read("unanswerable")
    plain = [ask(row["question"]).text for row in known]
    dice = random.Random(1)
    ways: list[tuple[str, Callable[[str], str]]] = [
        *((" / ".join(one), lambda text, one=one: wrapped(text, one)) for one in WRAPPINGS),
        *FORMS.items(),
        ("two letters swapped in the longest word", lambda text: misspelt(text, dice)),
    ]
    head = ("", f"refused of {len(known)}", "right file", "as plain", f"of {len(unknown)} without")
    rows: list[Sequence[str]] = [head]
    for name, way in ways:
        done = [ask(way(row["question"])) for row in known]
        right = sum(
            bool(one.citations) and one.citations[0].file == row["file"]
            for one, row in zip(done, known, strict=True)
        )
        same = sum(one.text == text for one, text in zip(done, plain, strict=True))
        none = sum(not ask(way(row["question"])).found for row in unknown)
        refused = sum(not one.found for one in done)
        rows.append([name, str(refused), str(right), str(same), str(none)])
    return align(rows)


def dialogues(ask: Ask) -> str:
    """How many follow-ups are right, and how many new questions are coloured."""
    right = follow_ups = coloured = new = 0
    wrong = []
    for dialogue in read("dialogues"):
        turns: list[Turn] = []
        for number, row in enumerate(dialogue["turns"]):
            done = ask(row["question"], turns)
            if row.get("follows"):
                follow_ups += 1
                held = _holds(done.text, row["answer"])
                right += held
                if not held:
                    wrong.append(f"follow-up: {_last(turns)} → {row['question']}: {done.text}")
            elif number:
                new += 1
                changed = done.text != ask(row["question"]).text
                coloured += changed
                if changed:
                    wrong.append(f"coloured: {_last(turns)} → {row['question']}: {done.text}")
            if done.found and not done.kind:
                turns.append(Turn(row["question"], done.text))
    told = f"follow-ups right: {right} of {follow_ups}; new questions coloured: {coloured} of {new}"
    return "\n\n".join([told, *wrong])


def _last(turns: Sequence[Turn]) -> str:
    return turns[-1].question if turns else "…"


def _holds(text: str, expected: str) -> bool:
    return folded(expected).casefold() in folded(text).casefold()


def main() -> None:
    """Make the index, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("wrappings", "dialogues"))
    only = parser.parse_args().only
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        reindex(ROOT / "documents", index, HashedStems(), Chunking())
        searcher = Searcher(index, lambda name: HashedStems())

        def ask(question: str, history: Sequence[Turn] = ()) -> Done:
            return asyncio.run(by_quoting(question, history, searcher, TOP_K))

        if only != "dialogues":
            print(forms_and_wrappings(ask) + "\n")
        if only != "wrappings":
            print(dialogues(ask) + "\n")
        print(LEGEND, end="")


if __name__ == "__main__":
    main()
