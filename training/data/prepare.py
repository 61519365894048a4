"""From a data set to train.jsonl, eval.jsonl and report.json; the same input, the same bytes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.text import printable
from indexer.sync.documents import digest
from training.data import rules
from training.data.report import EVAL, TRAIN, Tally, versions, write_report
from training.data.rows import Row, columns, data_files, json_line, read_file, require
from training.data.rules import Options, Rule
from training.data.split import Seen, Split
from training.data.word_list import WordList

EVERY = 500  # rows between two words about the progress
Advance = Callable[[int, int, str], None]  # bytes of the source read, of all, rows in words


@dataclass(frozen=True)
class Source:
    """The files that are read, and those passed over for lack of the columns."""

    path: Path
    files: tuple[Path, ...]
    passed_over: tuple[Path, ...]
    origin: Mapping[str, str]

    @property
    def bytes(self) -> int:
        """Of the files that are read."""
        return sum(file.stat().st_size for file in self.files)

    def facts(self) -> dict[str, Any]:
        """For the report."""
        return {
            "path": str(self.path),
            **self.origin,
            "files": [
                {"path": self._name(file), "bytes": file.stat().st_size, "sha256": digest(file)}
                for file in self.files
            ],
            "passed_over": [self._name(file) for file in self.passed_over],
        }

    def _name(self, file: Path) -> str:
        return file.relative_to(self.path).as_posix() if file != self.path else file.name


class Half:
    """One of the two files that are written: how much is in it, and of which questions."""

    def __init__(self, path: Path) -> None:
        self.path, self.rows, self.questions = path, 0, Seen()
        self._sizes = dict.fromkeys(("question", "description", "answer"), 0)
        self._stream = path.open("w", encoding="utf-8", newline="\n")

    def close(self) -> None:
        """All rows are added."""
        self._stream.close()

    def add(self, row: Row) -> None:
        """Write a row."""
        self._stream.write(json_line(row))
        self.rows += 1
        self.questions.add(row.question)
        for name in self._sizes:
            self._sizes[name] += len(getattr(row, name))

    def facts(self) -> dict[str, Any]:
        """For the report; averages in characters."""
        average = {name: round(size / max(self.rows, 1), 1) for name, size in self._sizes.items()}
        return {
            "file": self.path.name, "rows": self.rows, "questions": len(self.questions),
            "average_characters": average, "sha256": digest(self.path),
        }  # fmt: skip


def find_source(path: Path, wanted: Sequence[str], origin: Mapping[str, str]) -> Source:
    """The data files at a path that have the columns. Raises UserError when none has."""
    files, lacking = [], []
    for file in data_files(path):
        present = columns(file)
        if all(column in present for column in wanted):
            files.append(file)
        elif present:
            lacking.append((file, present))
    if not files and lacking:
        require(*lacking[0], wanted)
    if not files:
        raise UserError(f"the data set {printable(str(path))} is empty", "give a file with rows")
    return Source(path, tuple(files), tuple(file for file, _ in lacking), origin)


def prepare(source: Source, folder: Path, options: Options, advance: Advance) -> dict[str, Any]:
    """Fill an empty folder and return the report. Raises UserError when no row is left."""
    table = rules.table(options)
    tallies = [Tally(rule.name) for rule in table]
    split = Split(options.eval_share, options.seed)
    read = 0
    with ExitStack() as stack:
        train, held = (stack.enter_context(closing(Half(folder / name))) for name in (TRAIN, EVAL))
        for row in _rows(source, advance):
            read += 1
            kept = _apply(row, table, tallies)
            if kept:
                (held if split.is_eval(kept.question) else train).add(kept)
            if options.limit and train.rows + held.rows >= options.limit:
                break
    if not train.rows + held.rows:
        raise _nothing_left(source, read, tallies)
    report = {
        "source": source.facts(),
        "options": _facts(options),
        "rows": read,
        "rules": [tally.facts() for tally in tallies],
        "kept": train.rows + held.rows,
        "train": train.facts(),
        "eval": held.facts(),
        "questions_in_both": train.questions.common(held.questions),
        "versions": versions(),
    }
    write_report(folder, report)
    return report


def _rows(source: Source, advance: Advance) -> Iterator[Row]:
    before, here, read, whole = 0, 0, 0, source.bytes

    def progress(done: int) -> None:
        nonlocal here
        here = done

    for file in source.files:
        for row in read_file(file, progress):
            read += 1
            if read % EVERY == 0:
                advance(before + here, whole, f"{read} rows")
            yield row
        before, here = before + file.stat().st_size, 0
    advance(whole, whole, f"{read} rows")


def _apply(row: Row, table: Sequence[Rule], tallies: Sequence[Tally]) -> Row | None:
    for rule, tally in zip(table, tallies, strict=True):
        result = rule.apply(row)
        if isinstance(result, str):
            tally.remove(row, result)
            return None
        if result != row:
            tally.change(row, result)
            row = result
    return row


def _facts(options: Options) -> dict[str, Any]:
    lists = {
        name: WordList(getattr(options, name)).facts() for name in ("bad_words", "controversial")
    }
    return asdict(options) | lists


def _nothing_left(source: Source, read: int, tallies: Sequence[Tally]) -> UserError:
    where = printable(str(source.path))
    if not read:
        return UserError(f"the data set {where} is empty", "give a file with rows")
    most = max(tallies, key=lambda tally: tally.removed)
    return UserError(
        f"none of the {read} rows of {where} is left: {most.removed} were removed by"
        f" the rule {most.name!r} ({most.reasons.most_common(1)[0][0]})",
        "opsctl train prepare --help shows how to set the rules",
    )
