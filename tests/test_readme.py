"""READMEs and docs tell the truth about settings, commands, links, versions and test commands."""

import dataclasses
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from assistant.readme import PAGES, with_table
from core.settings import PREFIX, Settings
from tests.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("core", "indexer", "assistant", "localtgi", "bot", "training", "opsctl", "tests")
READMES = ("README.md", "README.ru.md")
DOCS = sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in (*READMES, *DOCS)}
LONGEST = {name: 180 if name in READMES else 220 for name in TEXTS}
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


def anchors(text: str) -> set[str]:
    """What a link to a heading of this page may end in."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in headings}


def torch_pins(text: str) -> set[str]:
    """The versions of torch that a text pins."""
    return set(re.findall(r"\btorch==([\w.]+\w)", text))


def test_every_command_and_flag_exists(workspace: Workspace) -> None:
    commands = {
        command.strip()
        for text in TEXTS.values()
        for part in [*BLOCK.findall(text), *SPAN.findall(BLOCK.sub("", text))]
        for command in COMMAND.findall(part)
    }
    assert "opsctl start --server local" in commands
    assert unknown_commands(sorted(commands), workspace) == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_setting_exists(name: str) -> None:
    assert set(re.findall(r"OPSCTL_\w+", TEXTS[name])) <= SETTINGS


@pytest.mark.parametrize("name", ["docs/gpu.md", "docs/gpu.ru.md"])
def test_torch_is_the_version_that_is_installed(name: str) -> None:
    assert torch_pins(TEXTS[name]) == torch_pins((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_leads_somewhere(name: str) -> None:
    """To a file or folder, and to a heading where it names one."""
    for target in re.findall(r"\]\(([^)]+)\)", TEXTS[name]):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text("utf-8")), target


@pytest.mark.parametrize(("name", "language"), PAGES.items())
def test_the_table_of_settings_is_up_to_date(name: str, language: str) -> None:
    assert "| `OPSCTL_DOCUMENTS` |" in TEXTS[name]
    assert with_table(TEXTS[name], language) == TEXTS[name], "run: make readme"


@pytest.mark.parametrize("name", READMES)
def test_every_command_is_described(name: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "opsctl", "--help"], capture_output=True, text=True, check=True
    )
    listed = run.stdout.split("Commands:")[1].split("Exit codes")[0]
    commands = re.findall(r"^  (\w+) ", listed, re.MULTILINE)
    assert "reindex" in commands
    assert [command for command in commands if f"`opsctl {command}" not in TEXTS[name]] == []


def test_what_the_architecture_names_is_there() -> None:
    """`file.py: name, Class.name`: such a file in a room, and in it what is named."""
    spans = re.findall(r"`([\w/]+\.py)((?:: [\w.]+)?)`", TEXTS["docs/architecture.md"])
    assert len(spans) > 20
    for file, named in spans:
        found = [path for room in ROOMS for path in (ROOT / room).glob(f"**/{file}")]
        found += [path for path in [ROOT / file] if path.is_file()]
        assert found, file
        name = named.removeprefix(": ").split(".")[-1]
        source = "".join(path.read_text("utf-8") for path in found)
        assert re.search(rf"(def|class) {name}\b" if name else "", source), (file, name)


@pytest.mark.parametrize("name", TEXTS)
def test_a_page_stays_short(name: str) -> None:
    assert len(TEXTS[name].splitlines()) <= LONGEST[name]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "make test" in TEXTS["README.md"]
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", [name for name in TEXTS if name.endswith(".ru.md")])
def test_both_languages_have_the_same_sections(name: str) -> None:
    shapes = [
        [line.split(" ")[0] for line in BLOCK.sub("", text).splitlines() if line[:1] == "#"]
        for text in (TEXTS[name], TEXTS[name.replace(".ru.md", ".md")])
    ]
    assert shapes[0] == shapes[1]
