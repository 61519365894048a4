"""A bundle made here is installed and used in a namespace that has no network."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workspace import note, question

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "deploy" / "bundle.sh"
INTERFACES = "/proc/net/dev"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base, as a connected machine brings it."""
    folder = tmp_path_factory.mktemp("carried") / "bundle"
    env = os.environ | {"PYTHON": sys.executable}
    subprocess.run(["sh", str(SCRIPT), "make", str(folder)], check=True, env=env)
    return folder


def closed(*argv: str | Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a program without a network, and with nothing of this machine's settings of pip."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    env |= {"PYTHON": sys.executable, "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run(
        ["unshare", *user, "--net", *argv], cwd=folder, env=env, capture_output=True, text=True
    )


@pytest.fixture(scope="module", autouse=True)
def namespace(tmp_path_factory: pytest.TempPathFactory) -> None:
    """See that there are namespaces here, and that one has no network."""
    if not shutil.which("unshare"):
        pytest.fail("there is no unshare here to take the network away with", pytrace=False)
    done = closed("cat", INTERFACES, folder=tmp_path_factory.mktemp("probe"))
    if done.returncode:
        pytest.fail(f"no namespaces here: {done.stderr.strip()}", pytrace=False)
    assert [line.split()[0] for line in done.stdout.splitlines()[2:]] == ["lo:"]


def test_a_bundle_is_installed_and_answers_without_a_network(bundle: Path, tmp_path: Path) -> None:
    project = tmp_path / "проект"
    installed = closed("sh", bundle / "bundle.sh", "install", project, folder=tmp_path)
    assert installed.returncode == 0, installed
    (project / "documents" / "note1.txt").write_text(note(1))
    opsctl = project / ".venv" / "bin" / "opsctl"
    assert closed(opsctl, "setup", "--yes", folder=tmp_path).returncode == 0
    answer = closed(opsctl, "ask", question(1), folder=tmp_path)
    assert "note1.txt" in answer.stdout, answer
    (project / ".env").write_text("OPSCTL_TOP_K=3\n")
    again = closed("sh", bundle / "bundle.sh", "install", project, folder=tmp_path)
    assert again.returncode == 0, again
    assert (project / ".env").read_text() == "OPSCTL_TOP_K=3\n", "an upgrade keeps the settings"


def test_what_would_not_install_is_told(bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    argv = ("sh", copy / "bundle.sh", "install", tmp_path / "project")
    wheel = next((copy / "wheels").glob("opsctl-*.whl"))
    whole = wheel.read_bytes()
    wheel.write_bytes(whole[:-1])
    told = closed(*argv, folder=tmp_path)
    assert told.returncode == 1
    assert "error: the bundle is damaged or not whole" in told.stderr
    wheel.write_bytes(whole)
    (copy / "python").write_text("Python 3.9, s390x\n")
    sums = [
        line for line in (copy / "SHA256SUMS").read_text().splitlines() if "./python" not in line
    ]
    (copy / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    told = closed(*argv, folder=tmp_path)
    assert told.returncode == 1
    assert "error: the bundle is for Python 3.9, s390x, this is Python 3." in told.stderr
    assert not (tmp_path / "project").exists()
