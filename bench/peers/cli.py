"""What the peers' programs have in common: their command line and the timing of warm queries."""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

WARM_UP = 5
TOP = 3  # passages that a question asks for

Result = dict[str, object]
Write = Callable[[Path, Path], Result]  # documents, store
Search = Callable[[str], str]  # question to the name of the best file


def main(
    *, load: Callable[[Path], Search], ready: Callable[[], object] | None = None, **writers: Write
) -> None:
    """Run the subcommand that the command line names; its result is the last line of stdout.

    The writers are subcommands of two paths, timed after `ready`, which loads the model. `ask` and
    `warm` both search through `load`.
    """
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    for name in writers:
        command = commands.add_parser(name)
        command.add_argument("docs", type=Path)
        command.add_argument("store", type=Path)
    for name, what in [("ask", "question"), ("warm", "queries")]:
        command = commands.add_parser(name)
        command.add_argument("store", type=Path)
        command.add_argument(what)
    args = parser.parse_args()
    if args.command == "ask":
        result: Result = {"top": load(args.store)(args.question)}
    elif args.command == "warm":
        result = warm(load(args.store), Path(args.queries).read_text("utf-8").splitlines())
    else:
        if ready:
            ready()
        wall, cpu = time.perf_counter(), time.process_time()
        result = dict(writers[args.command](args.docs, args.store))
        result["work_wall_s"] = round(time.perf_counter() - wall, 3)
        result["work_cpu_s"] = round(time.process_time() - cpu, 3)
    print(json.dumps(result, ensure_ascii=False))


def warm(search: Search, questions: list[str]) -> Result:
    """The time of each question in a process that has everything loaded."""
    for question in questions[:WARM_UP]:
        search(question)
    times = []
    for question in questions:
        start = time.perf_counter()
        search(question)
        times.append((time.perf_counter() - start) * 1000)
    return {
        "p50_ms": round(statistics.median(times), 3),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 3),
    }
