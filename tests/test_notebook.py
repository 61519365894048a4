"""The notebook for Colab is a notebook, what it types exists, and its cells run one by one."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.colab import NOTEBOOK, ROOT, colab_for
from tests.fakes.bot_api import TOKEN
from tests.fakes.hub import FakeHub
from tests.fakes.hub_downloads import bodies
from tests.fakes.systemd import Scenario
from tests.opsctl.telegram import USER, telegram_for
from tests.test_readme import SETTINGS, torch_pins, unknown_commands
from tests.workspace import Workspace

COMMAND = re.compile(r"(?:^ *!|`)(opsctl [^`\n]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def notebook() -> Any:
    return json.loads(NOTEBOOK.read_text("utf-8"))


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
    assert "opsctl start --server vllm" in commands
    assert unknown_commands(commands, workspace) == []


def test_its_settings_exist(source: str) -> None:
    named = set(re.findall(r"OPSCTL_\w+", source))
    assert "OPSCTL_VLLM" in named
    assert named <= SETTINGS


def test_it_installs_the_tested_versions(source: str) -> None:
    assert "pip install --quiet -c constraints.txt -e " in source
    assert torch_pins(source) == torch_pins((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub() as made:
        made.push_all()
        yield made


def test_the_cells_run_one_by_one(hub: FakeHub, tmp_path: Path) -> None:
    """From an empty machine to an answer in Telegram, by vLLM's stand-in."""
    with (
        telegram_for(Workspace(tmp_path / "outside"), Scenario(manager="")) as telegram,
        colab_for(tmp_path, hub, telegram.workspace.env, driver="580.95") as colab,
    ):
        colab.env["COLAB_PASSWORD"] = TOKEN
        note = Path(colab.env["COLAB_UPLOADS"], "склад.txt")
        note.write_text("Складом Зюйд заведует Иванов, ключ у него.")
        said = colab.run(MY_ID=str(USER), QUESTION="Кто заведует складом Зюйд?")
        cells = dict(re.findall(r"^\[([\w-]+)\]\n((?:(?!^\[).*\n)*)", said, re.MULTILINE))
        assert cells["choice"] == "driver 580.95: vllm\n"
        assert "the adapter hackatone is applied" in cells["start"]
        assert [line[:2] for line in cells["verify"].splitlines()] == ["ok"] * 4
        assert "Складом заведует Иванов." in cells["ask"] and "склад.txt" in cells["ask"]
        assert "the bot is running" in cells["telegram"]
        telegram.write("Кто заведует складом Зюйд?")
        telegram.reply_with("Складом заведует Иванов.")
        asked = (tmp_path / "machine" / "pip.log").read_text().splitlines()
        assert asked[-1].endswith("install --quiet vllm==0.29.0")
        assert all(line.startswith(f"{colab.content}/kept/pip ") for line in asked)


def test_on_drive_nothing_is_fetched_twice(hub: FakeHub, tmp_path: Path) -> None:
    """A runtime that is taken away, and another with the same Drive."""
    with colab_for(tmp_path, hub, {}, driver="580.95") as colab:
        kept = colab.content / "drive" / "MyDrive" / "opsctl"
        (kept / "documents").mkdir(parents=True)
        (kept / "documents" / "склад.txt").write_text("Складом Зюйд заведует Иванов.")
        colab.run("download", ON_DRIVE=True)
        assert bodies(hub)
        for name in ("opsctl", "vllm"):
            shutil.rmtree(colab.content / name)
        hub.seen.clear()
        said = colab.run("documents", ON_DRIVE=True)
        assert said.count("already downloaded") == 3 and bodies(hub) == []
        assert "склад.txt" in colab.opsctl("ask", "Кто заведует складом Зюйд?").stdout


def test_an_old_driver_takes_the_other_road(hub: FakeHub, tmp_path: Path) -> None:
    with colab_for(tmp_path, hub, {}, driver="550.54") as colab:
        assert "driver 550.54: llamacpp\n" in colab.run("choice")
