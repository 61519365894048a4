"""A thousand damaged files of each format: a reason for each that is not read, and no crash."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.fuzz_more_samples import MORE

FILES = 1000
PROGRAM = "python -m tests.real.fuzz_readers"
ROOT = Path(__file__).resolve().parents[2]


SUFFIXES = [
    ".txt", ".md", ".rst", ".html", ".docx", ".xlsx", ".csv", ".pptx", ".pdf", ".rtf", ".xls",
    ".odt", ".fodt", ".ods", ".fods", ".odp", ".fodp",
]  # fmt: skip


@pytest.mark.parametrize("suffix", [*SUFFIXES, *MORE])
def test_damaged_files_are_read_or_refused_with_a_reason(tmp_path: Path, suffix: str) -> None:
    started = [start(tmp_path, suffix, first) for first in (0, FILES // 2)]
    for told, error in [process.communicate() for process in started]:
        lines = [json.loads(line) for line in told.splitlines()]
        wrong = [line for line in lines if "wrong" in line] or ([lines[-1]] if error else [])
        again = [f"{PROGRAM} . {suffix} {each['seed']} {each['seed'] + 1}" for each in wrong[:5]]
        assert not wrong, f"{wrong[:5]} {error} once more: {again}"
        assert len(lines) == FILES // 2


def start(folder: Path, suffix: str, first: int) -> "subprocess.Popen[str]":
    """A process that reads half of the files."""
    place = folder / str(first)
    place.mkdir()
    seeds = str(first), str(first + FILES // 2)
    return subprocess.Popen(
        [sys.executable, *PROGRAM.split()[1:], str(place), suffix, *seeds],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
