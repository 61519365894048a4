"""Builds the stand-in for NVIDIA's management library, and says how a program finds it."""

import shutil
import subprocess
from pathlib import Path

COMPILER = shutil.which("cc")
SOURCE = Path(__file__).with_name("nvml.c")


def build(folder: Path) -> dict[str, str]:
    """Compile the library into a folder; the variables that let a program load it from there."""
    assert COMPILER
    library = folder / "libnvidia-ml.so.1"
    flags = ["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([COMPILER, *flags, "-o", str(library), str(SOURCE)], check=True)
    return {"LD_LIBRARY_PATH": str(folder)}
