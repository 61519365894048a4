"""Speed and memory against the peers and the floor, in one table: python bench/speed.py."""

import argparse
import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import apps, corpus, measure, table, venvs
from bench.apps import App
from bench.measure import Cost, StepFailed
from bench.table import Medians

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var" / "bench"
WORK, LOGS = VAR / "work", VAR / "logs"


def say(text: str) -> None:
    """Tell how far the run is; stdout is for the table."""
    print(text, file=sys.stderr, flush=True)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="repetitions; medians are shown")
    parser.add_argument("--own", default=",".join(apps.OWN), help="some of %(default)s")
    parser.add_argument("--peers", default=",".join(apps.PEERS), help="some of %(default)s")
    parser.add_argument("--steps", default=",".join(apps.STEPS), help="some of %(default)s")
    told = "index its .txt files, or the paragraphs of a file in SQuAD's form"
    parser.add_argument("--corpus", type=Path, metavar="DIR|FILE", help=told)
    parser.add_argument("--files", type=int, default=corpus.FILES, help="how many texts to make")
    parser.add_argument("--json", type=Path, default=VAR / "speed.json", metavar="FILE")
    args = parser.parse_args()
    for name, known in (("own", apps.OWN), ("peers", apps.PEERS), ("steps", apps.STEPS)):
        chosen = [key for key in getattr(args, name).split(",") if key]
        if unknown := set(chosen) - set(known):
            parser.error(f"--{name} knows no {', '.join(sorted(unknown))}")
        setattr(args, name, chosen)
    if args.runs < 1 or args.files < 1:
        parser.error("--runs and --files are at least 1")
    if args.corpus and not args.corpus.is_file() and not any(args.corpus.rglob("*.txt")):
        parser.error(f"no .txt file in {args.corpus}")
    return args


def prepare(args: argparse.Namespace) -> list[str]:
    """Lay out the texts, the added files and the floor's passages; returns the questions."""
    shutil.rmtree(WORK, ignore_errors=True)
    if args.corpus and args.corpus.is_file():
        corpus.write_paragraphs(args.corpus, WORK / "docs", args.files)
    elif args.corpus:
        corpus.copy_files(args.corpus, WORK / "docs")
    else:
        corpus.write_files(WORK / "docs", args.files)
    english = corpus.is_english(WORK / "docs")
    for number in range(args.runs):
        added = WORK / f"added-{number}" / f"added_{number}.txt"
        added.parent.mkdir()
        added.write_text(corpus.added_text(number, english=english), "utf-8")
    questions = corpus.queries(WORK / "docs")
    (WORK / "queries.txt").write_text("\n".join(questions), "utf-8")
    return questions


def cut_for_floor(runs: int, model: Path) -> None:
    """Have LangChain's program cut the texts, so that the floor encodes the same passages."""
    cutter = apps.peer("langchain", model)
    for folder in ["docs", *(f"added-{number}" for number in range(runs))]:
        argv: list[str | Path] = [cutter.python, "-m", "bench.peers.langchain_app", "chunks"]
        argv += [WORK / folder, WORK / f"{folder}.json"]
        measure.run(argv, cutter.environment("index", {}), ROOT, LOGS / f"chunks-{folder}.log")


def measure_app(
    app: App, number: int, question: str, wanted: list[str]
) -> Iterator[tuple[str, Cost | StepFailed]]:
    """The steps of one app in one run, from an empty store; a failed index ends them."""
    home = WORK / app.key
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(WORK / "docs", home / "docs")
    values = {
        "docs": home / "docs",
        "store": home / "store",
        "question": question,
        "queries": WORK / "queries.txt",
        "chunks": WORK / "docs.json",
        "added_chunks": WORK / f"added-{number}.json",
    }
    for step in (each for each in wanted if each in app.commands):
        if step == "update":
            shutil.copytree(WORK / f"added-{number}", home / "docs", dirs_exist_ok=True)
        log = LOGS / f"{app.key}-{step}-{number}.log"
        try:
            argv, env = app.argv(step, values), app.environment(step, values)
            yield step, measure.run(argv, env, ROOT, log)
        except StepFailed as error:
            yield step, error
            if step == "index":
                return


def measure_all(
    chosen: list[App], args: argparse.Namespace, questions: list[str]
) -> list[dict[str, object]]:
    """Every app in turn, then every app again: what slows the machine slows all of them."""
    records: list[dict[str, object]] = []
    runs = args.runs
    for number in range(runs):
        for place, app in enumerate(chosen, 1):
            at = f"run {number + 1}/{runs}, app {place}/{len(chosen)}, {app.name}"
            say(f"{at}: index")
            question = questions[number % len(questions)]
            for step, cost in measure_app(app, number, question, args.steps):
                record: dict[str, object] = {"run": number, "app": app.key, "step": step}
                if isinstance(cost, StepFailed):
                    say(f"{at}: {step} failed: {cost}")
                    records.append({**record, "failed": str(cost)})
                    continue
                say(f"{at}: {step} {cost.wall:.1f} s, CPU {cost.cpu:.1f} s, {cost.peak_mb:.0f} MB")
                figures = {"wall": cost.wall, "cpu": cost.cpu, "peak_mb": cost.peak_mb}
                records.append({**record, **cost.result, **figures})
    return records


def medians(records: list[dict[str, object]]) -> Medians:
    """The median of every figure; of the two ways to query warm, the quicker one."""
    values: dict[str, dict[str, dict[str, list[float]]]] = {}
    for record in records:
        figures = values.setdefault(str(record["app"]), {}).setdefault(str(record["step"]), {})
        for name, value in record.items():
            if isinstance(value, (int, float)) and name != "run":
                figures.setdefault(name, []).append(value)
    found = {
        app: {
            step: {name: statistics.median(seen) for name, seen in figures.items()}
            for step, figures in steps.items()
        }
        for app, steps in values.items()
    }
    for steps in found.values():
        ways = [steps.pop(step, {}) for step in ("warm", "warm-1")]
        steps["warm"] = min(ways, key=lambda way: way.get("p50_ms", float("inf")))
    return found


def write_record(file: Path, report: dict[str, object]) -> None:
    """Keep everything that was measured, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(report, ensure_ascii=False, indent=1), "utf-8")
    part.replace(file)


def show(report: dict[str, object], figures: Medians, names: dict[str, str]) -> None:
    """The table, then the ratios."""
    texts = report["corpus"]
    print(f"\n{report['machine']}")
    print(f"{report['started']}, medians of {report['runs']} interleaved runs, texts: {texts}\n")
    print(table.costs(figures, names))
    print(f"\n{table.LEGEND}{table.encoding(figures)}")
    print(table.comparison(figures, names))


def bench(args: argparse.Namespace) -> int:
    """Measure, show, keep; 1 if a step failed."""
    chosen = apps.make(args.own, args.peers)
    report: dict[str, object] = {
        "machine": measure.machine(),
        "started": datetime.now(UTC).isoformat(" ", "minutes"),
        "runs": args.runs,
    }
    questions = prepare(args)
    if "floor" in args.peers:
        say("cutting the texts for the floor")
        cut_for_floor(args.runs, venvs.model_folder(venvs.ensure("floor")))
    records = measure_all(chosen, args, questions)
    figures = medians(records)
    report |= {
        "corpus": corpus.describe(WORK / "docs"),
        "load_at_end": os.getloadavg(),
        "medians": figures,
        "ratios": table.ratios(figures),
        "records": records,
        "versions": {app.key: venvs.versions(app.python) for app in chosen},
    }
    write_record(args.json, report)
    show(report, figures, {app.key: app.name for app in chosen})
    return int(any("failed" in record for record in records))


def exit_code(bench: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    """Run a benchmark; Ctrl-C ends it and its child."""
    try:
        return bench(args)
    except KeyboardInterrupt:
        say("stopped")
        return 130


if __name__ == "__main__":
    sys.exit(exit_code(bench, parse()))
