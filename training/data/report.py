"""What a preparation did: rows per rule with examples, the halves, where it all came from."""

import json
import platform
from collections import Counter
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from core.errors import UserError
from training.data.rows import Row

REPORT, TRAIN, EVAL = "report.json", "train.jsonl", "eval.jsonl"
EXAMPLES = 3
EXCERPT = 100  # characters of an example
REASONS = 10
PACKAGES = ("pymorphy3", "pymorphy3-dicts-ru", "pyarrow")


@dataclass
class Tally:
    """How many rows a rule removed, why, and how many it changed; the first few of them."""

    name: str
    removed: int = 0
    changed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)

    def remove(self, row: Row, why: str) -> None:
        """Count a row that goes."""
        self.removed += 1
        self.reasons[why] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append({"why": why, "text": _around(row, why)})

    def change(self, before: Row, after: Row) -> None:
        """Count a row that stays, changed."""
        self.changed += 1
        if len(self.examples) < EXAMPLES:
            pairs = zip(vars(before).values(), vars(after).values(), strict=True)
            old, new = next(pair for pair in pairs if pair[0] != pair[1])
            self.examples.append({"before": old[:EXCERPT], "after": new[:EXCERPT]})

    def facts(self) -> dict[str, Any]:
        """The tally for the report; the most frequent reasons first."""
        return {
            "rule": self.name,
            "removed": self.removed,
            "changed": self.changed,
            "reasons": dict(sorted(self.reasons.items(), key=_frequent)[:REASONS]),
            "examples": self.examples,
        }


def versions() -> dict[str, str]:
    """Of Python and of the packages that the rows depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def write_report(folder: Path, report: dict[str, Any]) -> None:
    """Write report.json."""
    text = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
    (folder / REPORT).write_text(text, encoding="utf-8", errors="replace")


def read_report(folder: Path) -> dict[str, Any]:
    """The report of a prepared folder. Raises UserError."""
    path = folder / REPORT
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"there is no {path}", "opsctl train prepare") from error
    except ValueError as error:
        raise UserError(f"{path} is damaged", "make it again: opsctl train prepare") from error
    if not isinstance(report, dict):
        raise UserError(f"{path} is damaged", "make it again: opsctl train prepare")
    return report


def _around(row: Row, word: str) -> str:
    """The part of the row that holds a word, else the beginning of its answer or question."""
    for text in (row.answer, row.question, row.description):
        place = text.casefold().find(word.casefold())
        if place >= 0:
            return text[max(0, place - EXCERPT // 2) :][:EXCERPT]
    return (row.answer or row.question)[:EXCERPT]


def _frequent(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]
