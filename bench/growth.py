"""How time, memory and disk grow with the number of passages: python bench/growth.py.

The texts are those of bench/growth_texts.py, with words as frequent as in real texts. The built-in
embedder makes no vectors by itself; the second part of the table gives it a weight, so that its
1024 dimensions stand in for those of a model that costs nothing to run. 1,000,000 passages are half
a million files: they take 5 GB and hours.
"""

import argparse
import dataclasses
import math
import os
import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import apps, corpus, measure, table
from bench.apps import App
from bench.measure import StepFailed
from bench.speed import LOGS, ROOT, VAR, say, write_record
from bench.table import Figures

WORK = VAR / "growth"
PASSAGES_PER_FILE = 1.88  # with default settings
REPEATS = 3  # of the short steps; their medians are shown
FAR = 1_000_000
NAMES = {"words": "words only, as shipped", "vectors": "with vectors of 1024 dimensions"}
STEPS = {"ask": "cold questions", "update": "files added", "remove": "files removed"}
COLUMNS = {
    "passages": "passages",
    "index_wall": "index s",
    "index_cpu": "CPU s",
    "index_mb": "MB",
    "disk_mb": "disk MB",
    "update_wall": "add one s",
    "update_mb": "MB",
    "remove_wall": "remove one s",
    "ask_wall": "cold ask s",
    "ask_mb": "MB",
    "warm_mb": "warm MB",
    "load_ms": "load ms",
    "first_p50_ms": "first p50",
    "first_p95_ms": "p95 ms",
    "again_p50_ms": "again p50",
    "again_p95_ms": "p95 ms",
}
LEGEND = f"""\
MB without "disk": peak memory of the process. "index", "add one" (a file of
{corpus.ADDED_CHARACTERS} characters), "remove one" and "cold ask" are fresh processes. Warm, in one
process: "load" is the first search, "first" the other questions, "again" the same ones once more;
timed with the default threads and with one, and the quicker way counts.
"n^x" is fitted to the last two sizes only, and the last line is an EXTRAPOLATION by it, not a
measurement; fixed costs, such as the start of Python, make x too low where the sizes are small, and
noise can make it negative (then taken as 0): trust it only from 10,000 to 100,000 passages.
"""


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000", help="passages (%(default)s)")
    parser.add_argument("--vectors-to", type=int, default=10_000, metavar="N", help="%(default)s")
    parser.add_argument("--json", type=Path, default=VAR / "growth.json", metavar="FILE")
    args = parser.parse_args()
    try:
        args.sizes = sorted({int(size) for size in args.sizes.split(",")})
    except ValueError:
        parser.error("--sizes are numbers with commas between them")
    if args.sizes[0] < 100:
        parser.error("--sizes are at least 100")
    return args


def make_app(kind: str) -> App:
    """This project with the built-in embedder, with vectors or without."""
    app = apps.own(kind, NAMES[kind], "builtin")
    warm = ("-m", "bench.growth_steps", "warm", "{queries}")
    weight = {"OPSCTL_DENSE_WEIGHT": "0.1"} if kind == "vectors" else {}
    commands = {**app.commands, "warm": warm, "warm-1": warm, "remove": app.commands["update"]}
    env = {**app.env, **weight}
    return dataclasses.replace(app, commands=commands, env=env)


def make_texts(size: int) -> None:
    """Write the texts in a child, so that this process stays small."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    files = max(1, round(size / PASSAGES_PER_FILE))
    argv: list[str | Path] = [sys.executable, "-m", "bench.growth_steps", "make"]
    argv += [WORK, str(files)]
    measure.run(argv, os.environ, ROOT, LOGS / "growth-make.log")


def run_step(app: App, step: str) -> Figures:
    """What one step cost and told, by column; names of costs begin with the step's."""
    queries = WORK / "queries.txt"
    with queries.open(encoding="utf-8") as lines:
        question = next(lines).strip()
    store = WORK / app.key
    values = {"docs": WORK / "docs", "store": store, "queries": queries, "question": question}
    argv, env = app.argv(step, values), app.environment(step, values)
    cost = measure.run(argv, env, ROOT, LOGS / f"growth-{app.key}-{step}.log")
    told = {name: v for name, v in cost.result.items() if isinstance(v, (int, float))}
    costs = {"wall": cost.wall, "cpu": cost.cpu, "mb": cost.peak_mb}
    return {**told, **{f"{step}_{name}": value for name, value in costs.items()}}


def repeat(app: App, step: str) -> Figures:
    """The medians of a short step; an update gets another file each time, which then goes."""
    seen = []
    for number in range(REPEATS):
        added = WORK / "docs" / f"added_{number}.txt"
        if step == "update":
            added.write_text(corpus.added_text(number), "utf-8")
        elif step == "remove":
            added.unlink()
        seen.append(run_step(app, step))
    figures = {name: statistics.median([one[name] for one in seen]) for name in seen[0]}
    return {name: value for name, value in figures.items() if name.startswith(step)}


def measure_size(size: int, app: App) -> Figures:
    """All steps at one size, from an empty store; what was added is taken away again."""
    at = f"{size:,} passages, {app.name}"
    say(f"{at}: index")
    figures = run_step(app, "index")
    files = [path for path in (WORK / app.key / "index").rglob("*") if path.is_file()]
    figures["disk_mb"] = sum(path.stat().st_size for path in files) / 2**20
    say(f"{at}: {figures['passages']:,.0f} in {figures['index_wall']:.1f} s; warm questions")
    ways = [run_step(app, step) for step in ("warm", "warm-1")]
    best = min(ways, key=lambda way: way["first_p50_ms"])
    figures |= {name.replace("warm-1", "warm"): value for name, value in best.items()}
    for step, what in STEPS.items():
        say(f"{at}: {what}")
        figures |= repeat(app, step)
    shutil.rmtree(WORK / app.key)
    return figures


def measure_all(sizes: Sequence[int], vectors_to: int) -> Iterator[tuple[str, Figures]]:
    """Every size, with words only and then with vectors."""
    for size in sizes:
        say(f"{size:,} passages: texts")
        make_texts(size)
        for kind in NAMES:
            if kind == "words" or size <= vectors_to:
                yield kind, measure_size(size, make_app(kind))
    shutil.rmtree(WORK)


def exponents(rows: Sequence[Figures]) -> Figures:
    """The power of the number of passages that each figure grew with between the last two sizes."""
    before, last = rows[-2:]
    ratio = math.log(last["passages"] / before["passages"])
    return {name: math.log(last[name] / before[name]) / ratio for name in COLUMNS}


def extrapolate(last: Figures, powers: Figures) -> Figures:
    """What that power makes of the last size at FAR passages; nothing is taken to shrink."""
    times = FAR / last["passages"]
    return {name: last[name] * times ** max(0.0, power) for name, power in powers.items()}


def show(found: dict[str, list[Figures]]) -> str:
    """A part for each kind: its sizes, the powers, the extrapolation."""
    lines: list[Sequence[str]] = [["", *COLUMNS.values()]]
    for kind, rows in found.items():
        lines.append([NAMES[kind], *[""] * len(COLUMNS)])
        lines += [line("  measured", row) for row in rows]
        if len(rows) > 1:
            powers = exponents(rows)
            cells = [f"{powers[name]:.2f}" for name in COLUMNS if name != "passages"]
            lines.append(["  grows as n^x, x =", "", *cells])
            lines.append(line("  EXTRAPOLATED", extrapolate(rows[-1], powers)))
    return table.align(lines)


def line(label: str, figures: Figures) -> list[str]:
    """One line of the table."""
    return [label, *(table.number(figures[name]) for name in COLUMNS)]


def bench(args: argparse.Namespace) -> int:
    """Measure, show, keep; what was measured before a step failed is shown too."""
    started = datetime.now(UTC).isoformat(" ", "minutes")
    machine, status = measure.machine(), 0
    found: dict[str, list[Figures]] = {kind: [] for kind in NAMES}
    try:
        for kind, figures in measure_all(args.sizes, args.vectors_to):
            found[kind].append(figures)
            write_record(args.json, {"machine": machine, "started": started, "sizes": found})
    except StepFailed as error:
        say(str(error))
        status = 1
    print(f"\n{machine}\n{started}, built-in embedder\n")
    print(f"{show({kind: rows for kind, rows in found.items() if rows})}\n\n{LEGEND}", end="")
    return status


def main() -> int:
    """Run the benchmark; Ctrl-C ends it and its child, and takes the texts away."""
    try:
        return bench(parse())
    except KeyboardInterrupt:
        shutil.rmtree(WORK, ignore_errors=True)
        say("stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())
