"""The steps of bench/growth.py that are no commands of opsctl, each run in a child process."""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from assistant.retrieve import make_searcher
from bench import corpus, growth_texts
from core import settings
from indexer.search.searcher import Searcher


def make(folder: Path, files: int) -> dict[str, object]:
    """Lay out the texts, and the questions about them."""
    growth_texts.write_files(folder / "docs", files)
    (folder / "queries.txt").write_text("\n".join(corpus.queries(folder / "docs")), "utf-8")
    return {"bytes": sum(path.stat().st_size for path in (folder / "docs").rglob("*.txt"))}


def warm(questions: Sequence[str]) -> dict[str, object]:
    """The first search, which reads the list of passages; the rest; then the rest once more.

    The first time, a question's words are read from the store; the second time they are in memory.
    """
    searcher = make_searcher(settings.load())
    load = timed(searcher, questions[0])
    first = [timed(searcher, question) for question in questions[1:]]
    again = [timed(searcher, question) for question in questions[1:]]
    return {
        "load_ms": load,
        "first_p50_ms": statistics.median(first),
        "first_p95_ms": statistics.quantiles(first, n=20)[-1],
        "again_p50_ms": statistics.median(again),
        "again_p95_ms": statistics.quantiles(again, n=20)[-1],
    }


def timed(searcher: Searcher, question: str) -> float:
    """Milliseconds of one search."""
    start = time.perf_counter()
    searcher.search(question)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Run the step that the command line names; its result is the last line of stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    step = steps.add_parser("make")
    step.add_argument("folder", type=Path)
    step.add_argument("files", type=int)
    steps.add_parser("warm").add_argument("queries", type=Path)
    args = parser.parse_args()
    if args.step == "make":
        print(json.dumps(make(args.folder, args.files)))
    else:
        print(json.dumps(warm(args.queries.read_text("utf-8").splitlines())))


if __name__ == "__main__":
    main()
