"""Installs an extra beside the base: `python -m opsctl.install neural`, also done by `setup`."""

import re
import subprocess
import sys
from importlib.metadata import requires
from importlib.util import find_spec

from packaging.requirements import Requirement

from indexer.errors import UserError
from indexer.extras import CHECKOUT, MODULES, install_command
from opsctl.gpu import find_gpus

# PyTorch's own index: what PyPI has for Linux brings gigabytes of CUDA, which an embedder on the
# CPU has no use for (https://pytorch.org/get-started/locally).
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
EXTRAS = (*MODULES, "dev")
ON_CPU = ("neural", "dev")  # the embedder leaves the GPU to the model server


def main(words: list[str]) -> None:
    """Install the named extras, none of them where one does not exist. Raises UserError."""
    names = [name for word in words for name in word.split(",") if name]
    for name in names:
        if name not in EXTRAS:
            raise UserError(f"there is no extra {name!r}", f"choose of: {', '.join(EXTRAS)}")
    for name in names:
        install(name)


def install(extra: str) -> None:
    """Run pip in this Python; it shows its own progress. Raises UserError when it fails.

    A torch that is there stays; else the build for CPUs comes, or for a GPU that runs a model.
    """
    if not find_spec("pip"):
        raise UserError("this Python has no pip to install with", install_command(extra))
    wanted = requirements(extra)
    torch = [name for name in wanted if re.match(r"torch\b", name)]
    on_cpu = extra in ON_CPU or not find_gpus().gpus
    if torch and on_cpu and sys.platform == "linux" and not find_spec("torch"):
        # What it depends on comes in the next step, and where this fails, PyPI's torch with it.
        _pip("--no-deps", "--index-url", CPU_INDEX, "--retries", "0", *torch)
    if _pip(*wanted):
        raise UserError(
            f"pip could not install the extra {extra}, see above", install_command(extra)
        )


def requirements(extra: str) -> list[str]:
    """What an extra of pyproject.toml brings to this machine, the extras that it names included."""
    found: list[str] = []
    for line in requires("opsctl") or ():
        wanted = Requirement(line)
        if not wanted.marker or not wanted.marker.evaluate({"extra": extra}):
            continue
        wanted.marker = None
        if wanted.name == "opsctl":
            found += [one for name in sorted(wanted.extras) for one in requirements(name)]
        else:
            found.append(str(wanted))
    return list(dict.fromkeys(found))


def _pip(*words: str) -> int:
    pinned = CHECKOUT / "constraints.txt"
    pins = ["-c", str(pinned)] if pinned.is_file() else []
    quiet = [] if sys.stderr.isatty() else ["--quiet"]  # its progress is for people
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *quiet]
    return subprocess.run([*pip, *pins, *words], stdin=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(f"error: {error.message}\nhint: {error.hint}")
