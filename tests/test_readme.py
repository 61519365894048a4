"""The READMEs tell the truth about settings, commands and the test command."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.readme import READMES, with_table

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(("name", "language"), READMES.items())
def test_the_table_of_settings_is_up_to_date(name: str, language: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "| `OPSCTL_DOCUMENTS` |" in text
    assert with_table(text, language) == text, "run: make readme"


@pytest.mark.parametrize("name", READMES)
def test_every_command_is_described(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "opsctl", "--help"], capture_output=True, text=True, check=True
    )
    listed = run.stdout.split("Commands:")[1].split("Exit codes")[0]
    commands = re.findall(r"^  (\w+) ", listed, re.MULTILINE)
    assert "reindex" in commands
    assert [command for command in commands if f"`opsctl {command}" not in text] == []


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "make test" in (ROOT / "README.md").read_text("utf-8")
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_both_readmes_have_the_same_sections() -> None:
    shapes = [
        [
            line.split(" ")[0]
            for line in (ROOT / name).read_text("utf-8").splitlines()
            if line[:1] == "#"
        ]
        for name in READMES
    ]
    assert shapes[0] == shapes[1]
