"""The notebook for Colab is a notebook, and what it types exists."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.test_readme import SETTINGS, torch_pins, unknown_commands
from tests.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
COMMAND = re.compile(r"(?:^!|`)(opsctl [^`\n]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def notebook() -> Any:
    return json.loads((ROOT / "notebooks" / "colab.ipynb").read_text("utf-8"))


@pytest.fixture(scope="module")
def source(notebook: Any) -> str:
    """The text of all cells."""
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"])


def test_it_is_a_notebook_of_format_4_without_outputs(notebook: Any) -> None:
    """As nbformat.readthedocs.io/en/latest/format_description.html says."""
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert isinstance(notebook["metadata"], dict)
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    for cell in notebook["cells"]:
        keys = {"id", "cell_type", "metadata", "source"}
        if cell["cell_type"] == "code":
            keys |= {"outputs", "execution_count"}
            assert (cell["outputs"], cell["execution_count"]) == ([], None), cell["id"]
        else:
            assert cell["cell_type"] == "markdown"
        assert cell.keys() == keys
        assert all(isinstance(line, str) for line in cell["source"])
        assert all(line.endswith("\n") for line in cell["source"][:-1])


def test_its_commands_exist_with_these_flags(source: str, workspace: Workspace) -> None:
    commands = COMMAND.findall(source)
    assert "opsctl start --server local" in commands
    assert unknown_commands(commands, workspace) == []


def test_its_settings_exist(source: str) -> None:
    named = set(re.findall(r"OPSCTL_\w+", source))
    assert "OPSCTL_ANSWER_TOKENS" in named
    assert named <= SETTINGS


def test_it_installs_the_tested_versions(source: str) -> None:
    assert "pip install --quiet -c constraints.txt -e " in source
    assert torch_pins(source) == torch_pins((ROOT / "pyproject.toml").read_text("utf-8"))


def test_its_python_can_be_parsed(notebook: Any) -> None:
    """Lines for the shell and for IPython left out."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            lines = [line for line in cell["source"] if line[0] not in "!%"]
            compile("".join(lines), cell["id"], "exec")
