"""Run one command as a child and say what it cost: wall seconds, CPU seconds, peak memory."""

import contextlib
import json
import os
import platform
import resource
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOG_TAIL = 15


@dataclass(frozen=True)
class Cost:
    """What one child process, with the processes that it waited for, took."""

    wall: float
    cpu: float
    peak_mb: float
    result: dict[str, object]


class StepFailed(Exception):
    """The child did not end with 0; the text holds the end of what it said."""


def run(argv: Sequence[str | Path], env: Mapping[str, str], cwd: Path, log: Path) -> Cost:
    """Run argv to its end. Its output goes to the log; its last line of JSON becomes the result.

    The kernel counts a child's peak from the fork on, so this process must stay smaller than
    what it measures: it imports nothing heavy while it measures.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    output = log.with_suffix(".out")
    with output.open("wb") as out, log.open("wb") as err:
        start = time.perf_counter()
        child = subprocess.Popen(list(argv), env=dict(env), cwd=cwd, stdout=out, stderr=err)
        status, usage = _wait(child)
        wall = time.perf_counter() - start
    if status:
        tail = (
            output.read_text("utf-8", "replace") + log.read_text("utf-8", "replace")
        ).splitlines()
        raise StepFailed("\n".join([f"exit status {status}, see {log}", *tail[-LOG_TAIL:]]))
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(wall, cpu, usage.ru_maxrss / 1024, last_json(output.read_text("utf-8", "replace")))


def _wait(child: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    """Wait with the child's own usage; a Ctrl-C stops the child first."""
    try:
        _, raw, usage = os.wait4(child.pid, 0)
    except KeyboardInterrupt:
        child.send_signal(signal.SIGTERM)
        os.wait4(child.pid, 0)
        child.returncode = -signal.SIGTERM
        raise
    child.returncode = os.waitstatus_to_exitcode(raw)
    return child.returncode, usage


def last_json(text: str) -> dict[str, object]:
    """The object that the output is, or that its last line is; an empty one if neither."""
    for part in (text, *text.strip().splitlines()[-1:]):
        with contextlib.suppress(json.JSONDecodeError):
            value = json.loads(part)
            return value if isinstance(value, dict) else {}
    return {}


def machine() -> str:
    """One line that names the machine, with how busy it is now."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{_cpu_model()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, load {load}"
    )


def _cpu_model() -> str:
    """The processor's name as the kernel gives it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
