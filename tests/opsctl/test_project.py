"""The project that a command works on: found above, where opsctl is installed from, or none."""

import re
import shlex
import shutil
import stat
import sys
from pathlib import Path

import pytest

from assistant.env_example import FILE, VALUES, example
from core.project import MARK
from core.settings import PREFIX
from tests.workspace import Workspace, note, question

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("assistant", "bot", "core", "deploy", "indexer", "localtgi", "opsctl", "training")
UNSET = {"OPSCTL_DOCUMENTS": "", "OPSCTL_STATE": ""}


@pytest.fixture
def stranger(workspace: Workspace) -> Workspace:
    """Commands that are called in a folder of somebody else, with an .env and documents."""
    theirs = workspace.root / "theirs"
    theirs.mkdir()
    (workspace.root / MARK).unlink()
    (theirs / "documents").mkdir()
    (theirs / ".env").write_text('DATABASE="postgres://"\nOPSCTL_TOP_K=3\n')
    workspace.options["cwd"] = theirs
    workspace.env |= UNSET
    return workspace


@pytest.fixture
def alone(stranger: Workspace) -> Workspace:
    """The same, where opsctl is installed without its checkout."""
    packages = stranger.root / "site-packages"
    for name in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "*.local.env")
        shutil.copytree(ROOT / name, packages / name, ignore=ignored)
    python = stranger.root / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(Path(sys.executable).resolve())
    (python.parents[1] / "pyvenv.cfg").write_text(
        f"home = {Path(sys.executable).resolve().parent}\n"
    )
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    stranger.env["PYTHONPATH"] = ":".join([str(packages), *libraries])
    stranger.program = (str(python), "-m", "opsctl")
    return stranger


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def origins(workspace: Workspace, *before: str) -> dict[str, tuple[str, str]]:
    done = workspace.json(*before, "doctor", "--settings")
    return {item["name"]: (item["value"], item["origin"]) for item in done}


def test_elsewhere_it_is_the_checkout_that_opsctl_is_installed_from(stranger: Workspace) -> None:
    found = origins(stranger)
    assert found["OPSCTL_DOCUMENTS"] == (str(ROOT / "documents"), "default")
    assert found["OPSCTL_TOP_K"] == ("5", "default"), "another project's .env is not ours"


@pytest.mark.parametrize(
    "command",
    ["ask x", "reindex", "setup --yes", "start", "stop", "status", "users list", "doctor", "chat"],
)
def test_without_a_project_nothing_is_done_and_nothing_made(alone: Workspace, command: str) -> None:
    theirs = alone.root / "theirs"
    before = files(theirs)
    told = alone.fails(2, *command.split())
    assert f"there is no project here (looked in {theirs} and above)" in told
    assert "opsctl -C DIR" in told and "opsctl init DIR" in told
    assert files(theirs) == before


def test_folders_named_in_whole_are_enough_as_in_a_container(alone: Workspace) -> None:
    alone.write("note1.txt", note(1))
    alone.env |= {
        "OPSCTL_DOCUMENTS": str(alone.documents),
        "OPSCTL_STATE": str(alone.state),
    }
    alone.reindex()
    assert alone.source(question(1)) == "note1.txt"
    assert origins(alone)["OPSCTL_TOP_K"] == ("5", "default")
    assert files(alone.root / "theirs") == {"documents", ".env"}


def test_init_makes_a_project_that_works_without_the_checkout(alone: Workspace) -> None:
    made = Workspace(alone.root / "мой проект")
    (made.root / MARK).unlink()
    done = alone.run("init", str(made.root))
    assert done.returncode == 0, done
    assert f"opsctl -C '{made.root}' setup" in done.stderr
    assert files(made.root) == {MARK, ".env", "documents", "deploy", "deploy/tgi.env"}
    assert stat.S_IMODE((made.root / ".env").stat().st_mode) == 0o600
    assert (made.root / "deploy/tgi.env").read_bytes() == (ROOT / "deploy/tgi.env").read_bytes()
    made.write("note1.txt", note(1))
    assert alone.run("-C", str(made.root), "setup", "--yes").returncode == 0
    inside = made.documents / "folder"
    inside.mkdir()
    alone.options["cwd"] = inside
    assert alone.source(question(1)) == "note1.txt"


def test_elsewhere_it_is_the_folder_of_the_virtual_environment(alone: Workspace) -> None:
    assert alone.run("init", str(alone.root)).returncode == 0
    assert origins(alone)["OPSCTL_DOCUMENTS"] == (str(alone.documents), "default")


def test_init_keeps_what_is_there_and_tells_what_is_old(alone: Workspace) -> None:
    folder = alone.root / "made"
    (folder / "deploy").mkdir(parents=True)
    theirs = 'export DATABASE="postgres://"\nOPSCTL_TOP_K=4\n'
    (folder / ".env").write_text(theirs)
    (folder / "deploy" / "tgi.env").write_text("MODEL_ID=/data/models/x\n")
    for _ in range(2):
        done = alone.run("init", str(folder))
        assert done.returncode == 0
        assert "deploy/tgi.env, which is not this version's: diff " in done.stderr
    assert (folder / ".env").read_text() == theirs
    assert (folder / "deploy" / "tgi.env").read_text() == "MODEL_ID=/data/models/x\n"
    assert origins(alone, "-C", str(folder))["OPSCTL_TOP_K"] == ("4", ".env")


def test_init_inside_a_project_is_refused_and_the_project_named(indexed: Workspace) -> None:
    told = indexed.fails(2, "init", str(indexed.documents))
    assert f"{indexed.documents} is inside the project {indexed.root}" in told
    assert f"opsctl -C {indexed.root} setup" in told
    assert files(indexed.documents) == {"note1.txt", "note2.txt", "note3.txt"}
    assert indexed.run("init", ".").returncode == 0, "of the project itself it is safe"


def test_init_of_a_file_is_refused(alone: Workspace) -> None:
    assert "is not a folder" in alone.fails(2, "init", str(alone.root / "theirs" / ".env"))


def test_a_folder_given_by_c_must_be_in_a_project(indexed: Workspace) -> None:
    indexed.env |= UNSET
    indexed.options["cwd"] = "/"
    done = indexed.run("-C", str(indexed.documents), "ask", question(1))
    assert "note1.txt" in done.stdout, done
    other = indexed.root.parent / f"{indexed.root.name}-other"
    assert "No such file or directory" in indexed.fails(2, "-C", str(other), "status")
    other.mkdir()
    assert f"looked in {other} and above" in indexed.fails(2, "-C", str(other), "status")
    assert files(other) == set()


def test_paths_of_the_environment_are_relative_to_the_caller_and_those_of_env_to_the_project(
    workspace: Workspace,
) -> None:
    (workspace.root / ".env").write_text("OPSCTL_DOCUMENTS=papers\n")
    below = workspace.root / "below"
    below.mkdir()
    workspace.options["cwd"] = below
    workspace.env |= {"OPSCTL_DOCUMENTS": "", "OPSCTL_STATE": "state"}
    found = origins(workspace)
    assert found["OPSCTL_DOCUMENTS"] == (str(workspace.root / "papers"), ".env")
    assert found["OPSCTL_STATE"] == (str(below / "state"), "environment")


def test_a_folder_that_is_gone_is_one_sentence(workspace: Workspace) -> None:
    gone = workspace.root / "gone"
    gone.mkdir()
    workspace.program = ("sh", "-c", f'rmdir {gone}; exec "$0" -m opsctl "$@"', sys.executable)
    workspace.options["cwd"] = gone
    workspace.env["PYTHONPATH"] = str(ROOT)
    assert "the current folder is gone" in workspace.fails(2, "status")


def test_the_example_is_up_to_date_and_true(workspace: Workspace) -> None:
    text = (ROOT / FILE).read_text("utf-8")
    assert text == example(), "make readme"
    lines = [line.removeprefix("#") for line in text.splitlines() if line.startswith(f"#{PREFIX}")]
    assert len(lines) == len(VALUES)
    (workspace.root / ".env").write_text("\n".join(lines))
    workspace.env |= UNSET
    found = origins(workspace)
    assert {origin for name, (_, origin) in found.items() if f"{name}=" in text} == {".env"}


@pytest.mark.parametrize(
    "command",
    [
        ("ask", "кто"),
        ("chat",),
        ("status",),
        ("doctor",),
        ("start",),
        ("logs", "abc"),
        ("logs", "bot"),
        ("setup", "--yes"),
        ("verify",),
        ("users", "invite"),
        ("reindex", "--nothing"),
        ("train", "plot", "none"),
    ],
)
@pytest.mark.parametrize("folder", ["a", "a b"])
def test_commands_that_are_named_keep_the_folder_that_was_typed(
    workspace: Workspace, command: tuple[str, ...], folder: str
) -> None:
    project = Workspace(workspace.root / folder)
    project.write("a.bin", "?")
    workspace.options["cwd"] = workspace.root
    workspace.env |= UNSET
    done = workspace.run("-C", folder, *command)
    told = done.stderr + done.stdout
    named = re.findall(r"\bopsctl (?:[a-z]+\b|…)|\bopsctl -C \S+", told)
    shown = f"opsctl -C {shlex.quote(folder).split(' ')[0]}"
    assert set(named) - {"opsctl did"} <= {shown}, told
    if command[0] in ("ask", "status", "doctor", "start", "logs", "reindex"):
        assert named, told
