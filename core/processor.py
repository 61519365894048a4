"""What the processor of this machine can do."""

from pathlib import Path


def flags() -> set[str]:
    """Its instructions, as Linux names them on x86; empty where that is not told."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    return set(next((line for line in text.splitlines() if line.startswith("flags")), "").split())
