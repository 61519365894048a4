"""The stand-in for nvidia-smi: a program that prints rows of GPUs and of what runs on them."""

from collections.abc import Sequence
from pathlib import Path


def install(folder: Path, gpus: Sequence[str], running: Sequence[str] = ()) -> None:
    """Put it into a folder; each row has the cells that are asked for, with commas between."""
    cards, programs = ("\n".join(rows) for rows in (gpus, running))
    program = folder / "nvidia-smi"
    program.write_text(
        f"""#!/bin/sh
case "$1" in
--query-gpu=*) echo "{cards}";;
--query-compute-apps=*) echo "{programs}";;
esac
"""
    )
    program.chmod(0o755)


def card(
    index: int = 0, used: int | str = 300, capability: str = "8.6", total: int | str = 24576
) -> str:
    """The row of a GPU that keeps 512 MiB for its driver; numbers in MiB."""
    free = total - 512 - used if isinstance(used, int) and isinstance(total, int) else used
    return f"{index}, GPU-{index}, Fake GPU {index}, {total}, {used}, {free}, {capability}, 580.95"
