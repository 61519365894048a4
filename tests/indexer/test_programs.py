"""Programs of others run within limits of their own."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from indexer.readers import Unreadable, programs
from indexer.readers.programs import Programs

pytestmark = pytest.mark.process


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def allow(monkeypatch: pytest.MonkeyPatch, programs: Programs) -> None:
    for name, value in programs.environment().items():
        monkeypatch.setenv(name, value)


def test_what_is_given_and_written_passes_through_pipes() -> None:
    code = "import sys; sys.stdout.write(sys.stdin.read().upper())"
    assert programs.run(python(code), b"abc") == b"ABC"


def test_one_that_fails_is_told_with_its_own_words() -> None:
    with pytest.raises(Unreadable, match=r"^python\S* ended with code 3: no such language$"):
        programs.run(python("import sys; print('no such language', file=sys.stderr); sys.exit(3)"))


def test_one_that_hangs_ends_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, Programs(seconds=1))
    told = tmp_path / "pid"
    code = (
        "import subprocess, sys, time; child = subprocess.Popen(['sleep', '600']);"
        f"open({str(told)!r}, 'w').write(str(child.pid)); time.sleep(600)"
    )
    with pytest.raises(Unreadable, match=r"did not end in 1 s \(OPSCTL_PROGRAM_SECONDS\)"):
        programs.run(python(code))
    child = int(told.read_text())
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)


def test_its_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, Programs(memory=300))
    with pytest.raises(Unreadable, match="MemoryError"):
        programs.run(python("b'x' * (400 << 20)"))


def test_the_first_that_is_installed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (programs.find("no-such-program", "sh") or "").endswith("/sh")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert programs.find("sh") is None
