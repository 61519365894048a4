"""Every command as a fresh process where only the base wheel is installed, and no torch."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests import gpu_server
from tests.workspace import Workspace, note, question, said

ROOT = Path(__file__).resolve().parents[2]
NOT_BUILT = (".*", "var", "build", "documents", "tests", "*.egg-info")
HEAVY = ("torch", "transformers", "sentence_transformers", "peft", "pyarrow", "mypy")
COMMANDS = (
    "init", "setup", "download", "reindex", "start", "stop", "restart", "ask", "chat", "status",
    "logs", "vram", "verify", "doctor", "eval", "users", "users list", "users approve",
    "users remove", "users clear", "train", "train prepare", "train run", "train plot",
    "train compare", "train publish", "train use",
)  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the base wheel, whose `opsctl` is beside it."""
    folder = tmp_path_factory.mktemp("base")
    source = folder / "source"  # a build leaves its files where it was made
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*NOT_BUILT))
    python = folder / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    for argv in (
        [sys.executable, "-m", "venv", str(folder / "venv")],
        [*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(source)],
    ):
        subprocess.run(argv, check=True, cwd=folder)
    wheel = next(folder.glob("opsctl-*.whl"))
    subprocess.run(
        [*pip, "install", "-c", str(ROOT / "constraints.txt"), str(wheel)], check=True, cwd=folder
    )
    return python


@pytest.fixture
def wheel(base: Path, workspace: Workspace) -> Workspace:
    """A workspace whose commands are those of the wheel."""
    workspace.program = (str(base.with_name("opsctl")),)
    return workspace


def test_nothing_heavy_is_installed(base: Path) -> None:
    code = "import sys, importlib.util as u; sys.exit(any(map(u.find_spec, sys.argv[1:])))"
    assert subprocess.run([base, "-c", code, *HEAVY]).returncode == 0


def test_each_package_says_that_it_has_types(base: Path) -> None:
    [wheel] = base.parents[2].glob("opsctl-*.whl")
    names = ZipFile(wheel).namelist()
    packages = {name.partition("/")[0] for name in names if name.endswith("/__init__.py")}
    typed = {
        name.partition("/")[0] for name in names if name.count("/") == 1 and "py.typed" in name
    }
    assert typed == packages


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_help(wheel: Workspace, command: str) -> None:
    shown = wheel.run(*command.split(), "--help")
    assert shown.returncode == 0 and shown.stdout.startswith("Usage: "), shown
    assert shown.stderr == ""


def test_documents_are_indexed_searched_and_asked(wheel: Workspace) -> None:
    wheel.write("note1.txt", note(1))
    assert wheel.reindex()["added"] == ["note1.txt"]
    assert wheel.source(question(1)) == "note1.txt"
    chat = wheel.run("chat", stdin=f"{question(1)}\n")
    assert chat.returncode == 0 and "note1.txt" in chat.stdout
    questions = wheel.root / "questions.jsonl"
    questions.write_text(f'{{"question": "{question(1)}", "file": "note1.txt"}}\n')
    assert wheel.json("eval", str(questions))["hit_at_1"] == 1
    assert wheel.json("status")["index"]["documents"] == 1
    assert wheel.json("users", "list") == []


def test_the_machine_is_looked_at_and_nothing_is_running(wheel: Workspace) -> None:
    wheel.write("note1.txt", note(1))
    assert wheel.run("setup", "--yes").returncode == 0
    assert wheel.run("start").returncode == 0
    assert "nothing is running" in wheel.run("stop").stderr
    checks = {check["name"]: check["result"] for check in wheel.json("doctor", code=None)}
    assert (checks["python"], checks["embedder"], checks["index"]) == ("ok", "ok", "ok")


@pytest.mark.parametrize(
    ("extra", "command"),
    [
        ("neural", "reindex --rebuild"),
        ("local", "start --server local --model {model}"),
        ("train", "train prepare {rows}"),
        ("train", "train run --model {model}"),
        ("train", "train compare"),
    ],
)
def test_what_needs_an_extra_names_it(wheel: Workspace, extra: str, command: str) -> None:
    model = wheel.root / "model"
    model.mkdir()
    for name in ("config.json", "modules.json", "model.safetensors"):
        (model / name).write_text("{}")
    rows = wheel.root / "rows.parquet"
    rows.write_bytes(b"PAR1")
    wheel.write("note1.txt", note(1))
    argv = command.format(model=model, rows=rows).split()
    words = wheel.fails(1, *argv, env={"OPSCTL_EMBEDDER": str(model)})
    assert f"needs the extra `{extra}`" in words
    assert words.endswith(f"hint: pip install 'opsctl[{extra}]'")


def test_half_an_installation_is_one_sentence(wheel: Workspace, base: Path) -> None:
    code = "import sys; sys.modules['typer'] = None; import opsctl.__main__ as m; m.main()"
    done = subprocess.run([base, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "typer is missing" in said(done)


def test_extras_that_do_not_exist_are_refused_before_any_is_installed(base: Path) -> None:
    argv = [str(base), "-m", "opsctl.install", "neural", "nonsense"]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 1
    assert "there is no extra 'nonsense'" in done.stderr
    assert "choose of: semantic, onnx, neural, local, llamacpp, train, dev" in done.stderr
    assert subprocess.run([base, "-c", "import torch"], capture_output=True).returncode == 1


def test_a_gpu_server_installs_neural_before_it_downloads(wheel: Workspace) -> None:
    server = gpu_server.make(wheel, None)
    done = wheel.run("setup", "--yes", env={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""})
    server.stop()
    assert done.returncode == 1, done
    assert "installing the extra neural" in done.stderr
    assert "pip could not install the extra neural, see above" in done.stderr
    assert "hint: pip install 'opsctl[neural]'" in done.stderr
    assert not (wheel.state / "models").exists()


def test_a_project_is_made_without_the_checkout(wheel: Workspace, base: Path) -> None:
    folder = base.parents[2] / "made"
    done = wheel.run("init", str(folder))
    assert done.returncode == 0, done
    assert (folder / "deploy/tgi.env").read_bytes() == (ROOT / "deploy/tgi.env").read_bytes()
    code = "import core.project as p; print(p.DEPLOY)"
    deploy = Path(subprocess.check_output([base, "-c", code], text=True).strip())
    wanted = subprocess.check_output(["git", "ls-files", "deploy"], cwd=ROOT, text=True).split()
    of_a_checkout = (".sh", "Dockerfile", "compose.yaml")
    carried = [ROOT / name for name in wanted if not name.endswith(of_a_checkout)]
    for path in carried:
        assert (deploy / path.relative_to(ROOT / "deploy")).read_bytes() == path.read_bytes()
