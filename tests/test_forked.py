"""A forked command line is the process that a shell would have started."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.workspace import Workspace


@pytest.mark.parametrize(
    "args", [("--help",), ("status",), ("status", "--json"), ("nonsense",), ("ask", "Что?"), ()]
)
def test_it_says_and_returns_the_same(workspace: Workspace, args: tuple[str, ...]) -> None:
    forked, fresh = (workspace.run(*args, fresh=fresh) for fresh in (False, True))
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        fresh.returncode, fresh.stdout, fresh.stderr,
    )  # fmt: skip


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, -15), (signal.SIGINT, 130)]
)
def test_a_signal_ends_it_alike(workspace: Workspace, number: int, code: int, fresh: bool) -> None:
    with workspace.start("vram", "--watch", "--json", fresh=fresh) as process:
        assert process.stdout and process.stdout.readline()
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        process.send_signal(number)
        process.communicate()
        assert process.returncode == process.poll() == process.wait() == code


def test_it_holds_nothing_of_the_server_or_of_another(workspace: Workspace) -> None:
    with workspace.start("vram", "--watch", "--json") as first:
        with workspace.start("vram", "--watch", "--json") as process:
            assert process.stdout and process.stdout.readline()
            known = Path(f"/proc/{process.pid}")
            held = {int(path.name): str(path.readlink()) for path in (known / "fd").iterdir()}
            folder = (known / "cwd").readlink()
            process.kill()
        first.kill()
    assert {held[number].partition(":")[0] for number in (0, 1, 2)} == {"pipe"}
    assert not [file for file in held.values() if file.startswith(("socket:", "anon"))], held
    assert folder == workspace.root


def test_what_python_heeds_before_its_first_line_starts_it_afresh(workspace: Workspace) -> None:
    done = workspace.run("--version", env={"PYTHONVERBOSE": "1"})
    assert "import" in done.stderr
