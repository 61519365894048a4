"""The same quoting over other retrievals, judged by the text: python bench/quoting.py.

The questions of a set of `opsctl eval` are asked of this project's index, of LangChain's
retrievers and of LlamaIndex's. All read the same text, as this project's readers give it, all hear
the question without its courtesy, all hand on their five best passages. Of these one place is
quoted, by this project's quoting, sure or not, and by a plain one beside it: the row or sentence
that holds most of the question's words, one before it, and what follows.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant.evaluate import TOP_K
from assistant.evaluate.answers import folded
from assistant.evaluate.questions import Question, read_questions
from assistant.question.clean import cleaned
from assistant.question.split import essence
from assistant.quote import choose
from bench import table, venvs
from bench.answers import expression
from bench.peers.passages import METHODS
from bench.speed import ROOT, exit_code, say
from indexer.embedders import open_embedder
from indexer.models import BUILTIN
from indexer.passages.words import stem, words
from indexer.readers import READERS, read
from indexer.search.searcher import Found, Hit, Searcher
from indexer.store import catalog
from indexer.sync.reindex import Chunking, reindex

QUESTIONS = ROOT / "bench" / "questions" / "office_sample.jsonl"
ROOM = 500  # characters of the plain quoting
LATER = 0.05  # what it takes off for each rank
HEAD = ("", "in the passages", "quoted right", "by plain quoting", "characters read")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=[А-ЯЁA-Z«“\"0-9])")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=Path, default=ROOT / "documents", metavar="DIR")
    parser.add_argument("--questions", type=Path, default=QUESTIONS, metavar="FILE")
    parser.add_argument(
        "--embedder", action="append", metavar="NAME", help="of this project; repeatable"
    )
    args = parser.parse_args()
    args.embedder = args.embedder or [BUILTIN]
    return args


def texts_of(folder: Path) -> Iterator[tuple[str, str]]:
    """The name and the whole text of each document, its headings where they stand."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix.lower() not in READERS or name == "README.md":
            continue
        said, before = list[str](), list[str]()
        for page in read(path):
            here = page.heading.split(" › ") if page.heading else []
            said += [*(part for part in here if part not in before), page.text]
            before = here
        yield name, "\n\n".join(said)


def search(
    folder: Path, name: str, questions: Sequence[Question]
) -> tuple[list[Found], dict[str, str]]:
    """What this project finds for each question, and what each document says of itself."""
    embedder = open_embedder(name, ROOT / "var" / "models")
    with tempfile.TemporaryDirectory(prefix="opsctl-quoting-") as home:
        index = Path(home, "index")
        reindex(folder, index, embedder, Chunking())
        searcher = Searcher(index, lambda name: embedder)
        found = [searcher.search(each.text, TOP_K) for each in questions]
        return found, {each.path: each.facts for each in searcher.look(catalog.documents)}


def ask_peer(
    method: str, texts: Mapping[str, str], asked: Sequence[str], facts: Mapping[str, str]
) -> list[list[Hit]]:
    """What a peer finds for each question, in an environment of its own."""
    given = json.dumps({"texts": texts, "questions": asked}, ensure_ascii=False)
    argv = [str(venvs.ensure("passages")), "-m", "bench.peers.passages", method]
    done = subprocess.run(
        argv, input=given, text=True, check=True, stdout=subprocess.PIPE, cwd=ROOT
    )
    return [
        [
            Hit(name, None, None, text, 1 / rank, facts=facts.get(name, ""))
            for rank, (name, text) in enumerate(found, start=1)
        ]
        for found in json.loads(done.stdout.splitlines()[-1])
    ]


def units(text: str) -> Iterator[str]:
    """The rows and sentences of a passage."""
    for line in filter(None, map(str.strip, text.split("\n"))):
        yield from [line] if " | " in line else _SENTENCE.split(line)


def plainly(found: Found) -> str:
    """Quote without any knowledge of documents."""
    best, said = -1.0, ""
    for rank, hit in enumerate(found.hits):
        some = list(units(hit.text))
        for place, unit in enumerate(some):
            held = found.terms.keys() & {stem(word) for word in words(unit)}
            score = sum(found.terms[term] for term in held) / (sum(found.terms.values()) or 1)
            if score - LATER * rank > best:
                best, said = score - LATER * rank, _run(some, place)
    return said


def _run(some: Sequence[str], place: int) -> str:
    """A unit, the one before it, and those after it as far as there is room."""
    said = " ".join(some[max(0, place - 1) : place + 1])
    for unit in some[place + 1 :]:
        if len(said) + len(unit) > ROOM:
            break
        said += f" {unit}"
    return said


def row(name: str, questions: Sequence[Question], found: Sequence[Found]) -> list[str]:
    """How many questions the passages, and each quoting of them, answer."""
    held = quoted = plain = 0
    for question, each in zip(questions, found, strict=True):
        assert question.answer is not None
        wanted = re.compile(expression(question.answer))
        held += any(wanted.search(folded(hit.text)) is not None for hit in each.hits)
        quote = choose(question.text, each).quote
        quoted += wanted.search(folded(quote.text if quote else "")) is not None
        plain += wanted.search(folded(plainly(each))) is not None
    read_ = sum(len(hit.text) for each in found for hit in each.hits) // len(found)
    return [name, str(held), str(quoted), str(plain), str(read_)]


def bench(args: argparse.Namespace) -> int:
    """Ask all, show."""
    questions = [each for each in read_questions(args.questions) if each.answer is not None]
    questions = [replace(each, text=essence(cleaned(each.text))) for each in questions]
    texts = dict(texts_of(args.documents))
    rows: list[Sequence[str]] = [HEAD]
    for name in args.embedder:
        say(f"opsctl, {name}")
        ours, facts = search(args.documents, name, questions)
        rows.append(row(f"opsctl, {name}", questions, ours))
    for method in METHODS:
        say(method)
        hits = ask_peer(method, texts, [each.text for each in questions], facts)
        theirs = [replace(own, hits=tuple(his)) for own, his in zip(ours, hits, strict=True)]
        rows.append(row(method, questions, theirs))
    print(f"{len(questions)} questions with an answer, {len(texts)} documents\n")
    print(table.align(rows))
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(bench, parse()))
