"""The memory and the processors that this process may use, in a container too."""

import os
from contextlib import suppress
from pathlib import Path

from core.processor import flags

CGROUP = Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Bytes that a program started now could take without anybody being killed for it."""
    import psutil

    free = int(psutil.virtual_memory().available)
    with suppress(OSError, ValueError):
        limit = int((CGROUP / "memory.max").read_text())
        used = int((CGROUP / "memory.current").read_text())
        # Files that were read count as used, and give way.
        rows = (line.split() for line in (CGROUP / "memory.stat").read_text().splitlines())
        kept = sum(int(value) for name, value in rows if name == "inactive_file")
        free = min(free, limit - used + kept)
    return max(free, 0)


def cores() -> int:
    """Whole cores that programs get: hyperthreads add nothing to arithmetic."""
    import psutil

    allowed = len(os.sched_getaffinity(0))
    found = min(psutil.cpu_count(logical=False) or allowed, allowed)
    with suppress(OSError, ValueError):
        quota, period = (CGROUP / "cpu.max").read_text().split()
        found = min(found, round(int(quota) / int(period)))
    return max(found, 1)


def lacks() -> list[str]:
    """The instructions that PyPI's llama.cpp is built with and this processor has not."""
    here = flags()
    return [flag.upper() for flag in ("avx2", "fma", "f16c") if here and flag not in here]
