"""Runs a command in namespaces of its own, so that nothing of it is left over, however it ends.

The command has root, a process table, mounts, and a network that is a loopback and no more. An
empty /run hides the machine's own engine and services; what is written to /run, /etc and /opt is
gone afterwards. `python -m tests.real.box COMMAND` is the first process in there.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.real.parts import MissingPartError, unpacked

ROOT = Path(__file__).resolve().parents[2]
CGROUP = "opsctl-tests"
INSIDE = "OPSCTL_TESTS_BOX"
# Whoever dies, from outside to inside, takes the next one along.
ENTER = (
    "setpriv", "--pdeathsig", "KILL",
    "unshare", "--mount", "--net", "--pid", "--mount-proc", "--kill-child",
)  # fmt: skip
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def is_inside() -> bool:
    """Tell whether this process is in a box."""
    return INSIDE in os.environ


def run_inside(argv: Sequence[str], packages: Sequence[str]) -> int:
    """Run a command in a new box; return its exit code. Raises MissingPartError.

    The packages that it needs unpacked are fetched before, since there is no network inside.
    """
    if os.geteuid():
        raise MissingPartError("namespaces need root")
    if missing := [name for name in ("setpriv", "unshare") if not shutil.which(name)]:
        raise MissingPartError(f"there is no {missing[0]} here to make namespaces with")
    enter = [*ENTER, sys.executable, "-m", "tests.real.box"]
    tried = subprocess.run([*enter, "true"], cwd=ROOT, capture_output=True, text=True)
    if tried.returncode:
        said = tried.stderr.strip().splitlines() or [f"exit {tried.returncode}"]
        raise MissingPartError(f"no namespaces here: {said[-1]}")
    unpacked(packages)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        code = subprocess.call([*enter, *argv], cwd=ROOT, env={**os.environ, INSIDE: "1"})
    except KeyboardInterrupt:
        code = -signal.SIGINT
    finally:
        _remove_cgroups()
    return code if code >= 0 else 128 - code


def _remove_cgroups() -> None:
    """Remove what the engine made: cgroups are the one thing that no namespace takes along."""
    until = time.monotonic() + 3
    while time.monotonic() < until:
        root = Path("/sys/fs/cgroup")
        ours = [path for name in (CGROUP, f"*/{CGROUP}") for path in root.glob(name)]
        if not ours:
            return
        for path in sorted((p for one in ours for p in one.rglob("*") if p.is_dir()), reverse=True):
            _rmdir(path)
        for path in ours:
            _rmdir(path)
        time.sleep(0.05)


def _rmdir(path: Path) -> None:
    with contextlib.suppress(OSError):  # in use: by a process that is about to end, or another run
        path.rmdir()


def _furnish() -> None:
    """Bring the loopback up; cover the folders that an engine writes to."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    Path("/run/tmp").mkdir()
    for folder in ("/etc", "/opt"):
        upper, work = (Path(f"/run/{kind}{folder}") for kind in ("upper", "work"))
        upper.mkdir(parents=True)
        work.mkdir(parents=True)
        layers = f"lowerdir={folder},upperdir={upper},workdir={work}"
        _mount("-t", "overlay", "-o", layers, "overlay", folder)
    shutil.rmtree("/etc/docker", ignore_errors=True)  # the settings of the machine's own engine


def _mount(*options: str) -> None:
    subprocess.run(["mount", *options], check=True)


def _outlive(child: "subprocess.Popen[bytes]") -> int:
    """Wait for the command, as the first process also for orphans; return the exit code."""
    # Ctrl-C is for the command. Unlike SIG_IGN a handler is not inherited by it.
    signal.signal(signal.SIGINT, lambda *_: None)
    while True:
        pid, status = os.wait()
        if pid == child.pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def main(argv: Sequence[str]) -> int:
    """Be the first process of the box: when it ends, everything in there ends."""
    _furnish()
    return _outlive(subprocess.Popen(argv, env={**os.environ, "TMPDIR": "/run/tmp"}))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
