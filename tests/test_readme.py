"""The READMEs tell the truth about settings, commands, versions and the test command."""

import dataclasses
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from assistant.readme import READMES, with_table
from core.settings import PREFIX, Settings
from tests.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = {PREFIX + item.name.upper() for item in dataclasses.fields(Settings)}
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
GROUPS = ("train", "users")  # their commands have a --help of their own
SPAN = re.compile(r"`[^`\n]+`")
COMMAND = re.compile(r"\b(opsctl [a-z][^`\n#|]*)")


def unknown_commands(lines: Iterable[str], workspace: Workspace) -> list[str]:
    """Those lines whose command, or one of whose flags, `opsctl COMMAND --help` does not know."""
    helps: dict[str, str] = {}
    unknown = []
    for line in lines:
        _, command, *words = shlex.split(line)
        if command in GROUPS:
            command = f"{command} {words.pop(0)}" if words else command
        if command not in helps:
            helps[command] = workspace.run(*command.split(), "--help").stdout
        flags = [word for word in words if re.match(r"--?[a-z]", word)]
        known = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", helps[command]))
        if not helps[command] or not known.issuperset(flags):
            unknown.append(line)
    return unknown


def torch_pins(text: str) -> set[str]:
    """The versions of torch that a text pins."""
    return set(re.findall(r"\btorch==([\w.]+\w)", text))


@pytest.mark.parametrize("name", READMES)
def test_every_command_and_flag_exists(name: str, workspace: Workspace) -> None:
    text = (ROOT / name).read_text("utf-8")
    code = [*BLOCK.findall(text), *SPAN.findall(BLOCK.sub("", text))]
    commands = {command for part in code for command in COMMAND.findall(part)}
    assert "opsctl start --server local" in {command.strip() for command in commands}
    assert unknown_commands(sorted(commands), workspace) == []


@pytest.mark.parametrize("name", READMES)
def test_every_setting_exists(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert set(re.findall(r"OPSCTL_\w+", text)) <= SETTINGS


@pytest.mark.parametrize("name", READMES)
def test_torch_is_the_version_that_is_installed(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert torch_pins(text) == torch_pins((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.mark.parametrize("name", READMES)
def test_every_file_and_folder_exists(name: str) -> None:
    """The targets of links, and the headings of links within the page."""
    text = (ROOT / name).read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in headings}
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert target[1:] in anchors if target[0] == "#" else (ROOT / target).exists(), target


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
