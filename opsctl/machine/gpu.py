"""The NVIDIA GPUs of this machine, as nvidia-smi reports them.

Sizes are bytes. What a card or a driver does not tell is None.
"""

import csv
import shutil
from dataclasses import dataclass
from typing import Literal

from core.errors import UserError
from opsctl.machine.programs import Ended, TookTooLong, run

MIB = 1 << 20
SERVERS = ("text-generation", "text_generation_server", "localtgi", "vllm", "VLLM")
WSL_SMI = "/usr/lib/wsl/lib/nvidia-smi"
SMI_SECONDS = 30  # a broken driver lets nvidia-smi hang
SMI_GPU = (
    "index", "uuid", "name", "memory.total", "memory.used", "memory.free",
    "compute_cap", "driver_version",
)  # fmt: skip
SMI_PROCESS = ("gpu_uuid", "pid", "used_memory", "process_name")


@dataclass(frozen=True)
class GpuProcess:
    """A program that holds memory of a GPU; `server` if it is the model server."""

    pid: int
    name: str | None
    used: int | None
    server: bool


@dataclass(frozen=True)
class Gpu:
    """One GPU with its memory, compute capability, driver version and programs."""

    index: int
    name: str
    total: int | None
    used: int | None
    free: int | None
    capability: tuple[int, int] | None
    driver: str | None
    processes: tuple[GpuProcess, ...]

    @property
    def usable(self) -> int | None:
        """The memory that programs can have: `total` without what the driver keeps for itself."""
        if self.used is None or self.free is None:
            return self.total
        return self.used + self.free


@dataclass(frozen=True)
class GpuReport:
    """The GPUs and who told of them; without any, the reason, and what helps if that is known."""

    gpus: tuple[Gpu, ...]
    driver: str | None
    source: Literal["nvidia-smi", "none"]
    reason: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether this model runs on a card under a server, and a sentence about it."""

    result: Literal["ok", "warning", "failed"]
    sentence: str


def find_gpus() -> GpuReport:
    """Ask nvidia-smi, which comes with the driver; raise nothing."""
    if _program() is None:
        reason = "no NVIDIA driver is installed (nvidia-smi is not found)"
        return GpuReport((), None, "none", reason)
    try:
        rows = _query("gpu", SMI_GPU)
        running = _query("compute-apps", SMI_PROCESS)
    except TookTooLong:
        return GpuReport((), None, "none", f"nvidia-smi hangs for {SMI_SECONDS} s", "sudo reboot")
    except UserError as error:
        return GpuReport((), None, "none", error.message, error.hint)
    gpus = tuple(_smi_gpu(row, running) for row in rows)
    if not gpus:
        return GpuReport((), None, "none", "the NVIDIA driver is loaded and sees no GPU")
    return GpuReport(gpus, gpus[0].driver, "nvidia-smi")


def _process(pid: int, used: int | None, told: str | None = None) -> GpuProcess:
    """Name a program, one in a container too; `told` is the name where it cannot be seen."""
    import psutil

    try:
        found = psutil.Process(pid)
        name: str | None = found.name()
        words = found.cmdline()
    except (psutil.Error, OSError):
        name, words = told, [told or ""]
    return GpuProcess(pid, name, used, any(server in " ".join(words) for server in SERVERS))


def _program() -> str | None:
    """Where nvidia-smi is; under WSL it may be in a folder that is not on the PATH."""
    return shutil.which("nvidia-smi") or shutil.which(WSL_SMI)


def _query(what: str, fields: tuple[str, ...]) -> list[list[str]]:
    """Rows of at least as many cells as fields: a program's name may have commas. Warnings that
    stand between them are passed over."""
    program = _program() or "nvidia-smi"
    query = (f"--query-{what}={','.join(fields)}", "--format=csv,noheader,nounits")
    done = run((program, *query), seconds=SMI_SECONDS)
    if done.code:
        raise _failure(done)
    rows = csv.reader(done.stdout.splitlines(), skipinitialspace=True)
    sound = [row for row in rows if len(row) >= len(fields)]
    if what == "gpu":
        sound = [row for row in sound if row[0].isdigit()]
        if not sound and (said := done.stdout.strip()):
            raise UserError(f"nvidia-smi says what opsctl cannot read ({said.splitlines()[0]})")
    return sound


def _failure(done: Ended) -> UserError:
    said = (done.stdout or done.stderr).strip().split("\n")[0] or f"exit code {done.code}"
    if "mismatch" not in said:
        return UserError(f"nvidia-smi failed ({said})")
    return UserError(
        f"nvidia-smi failed ({said}); the driver was updated: restart the machine", "sudo reboot"
    )


def _smi_gpu(row: list[str], running: list[list[str]]) -> Gpu:
    index, uuid, name, total, used, free, capability, driver = row[: len(SMI_GPU)]
    major, _, minor = capability.partition(".")
    return Gpu(
        int(index),
        name,
        _bytes(total),
        _bytes(used),
        _bytes(free),
        (int(major), int(minor)) if major.isdigit() and minor.isdigit() else None,
        None if driver.startswith("[") else driver,
        tuple(
            _process(int(each[1]), _bytes(each[2]), ", ".join(each[3:]))
            for each in running
            if each[0] == uuid and each[1].isdigit()
        ),
    )


def _bytes(mebibytes: str) -> int | None:
    """A cell in MiB; None for `[N/A]` and its like."""
    return int(mebibytes) * MIB if mebibytes.isdigit() else None
