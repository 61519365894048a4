"""The bot's image by deploy/Dockerfile, without a registry.

The base is this interpreter and a shell; the wheels are downloaded beforehand.
"""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.real.docker import image
from tests.real.docker.engine import Engine
from tests.real.parts import CACHE, MissingPartError

ROOT = Path(__file__).resolve().parents[3]
NAME, BASE = "opsctl", "opsctl-base"
# What the Dockerfile calls, and what wheels are linked with.
PROGRAMS = ("sh", "mkdir", "chmod", "chown")
LIBRARIES = (
    "libstdc++.so.6", "libgcc_s.so.1", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libm.so.6",
)  # fmt: skip
UNUSED = image.UNUSED - {"ensurepip"}  # which makes virtual environments
NO_SOURCES = (".*", "var", "build", "documents", "tests", "bench", "*.egg-info", "__pycache__")


def wheels() -> Path:
    """What the base installation is made of; the first call downloads it. Raises MissingPartError.

    There is no network in the box, so it is called before, too.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["build-system"]["requires"]
    pins = (ROOT / "constraints.txt").read_text()
    key = hashlib.sha256(repr((wanted, pins, sys.version)).encode()).hexdigest()[:8]
    folder = CACHE / f"wheels-{key}"
    if folder.is_dir():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="draft-") as draft:
        made, python = Path(draft) / "wheels", Path(draft) / "venv/bin/python"
        subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
        pip = [python, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
        argv = [*pip, "-c", ROOT / "constraints.txt", "--wheel-dir", made, *wanted]
        done = subprocess.run(argv, capture_output=True, text=True)
        if done.returncode:
            raise MissingPartError(f"pip: {done.stderr.strip().splitlines()[-1]}")
        if not folder.is_dir():  # another run may have been faster
            made.rename(folder)
    return folder


def build(engine: Engine, context: Path) -> None:
    """Build the image from the sources, in a folder that is to be made."""
    image.import_files(engine, BASE, _base(), [f"ENV PATH={image.PYTHON.parent}:/bin"])
    shutil.copytree(ROOT, context, ignore=shutil.ignore_patterns(*NO_SOURCES))
    shutil.copy(ROOT / ".dockerignore", context)
    shutil.copytree(wheels(), context / "wheels")
    arguments = {"BASE": BASE, "EXTRAS": "", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "wheels"}
    options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    dockerfile = str(context / "deploy" / "Dockerfile")
    engine.docker("build", *options, "--tag", NAME, "--file", dockerfile, str(context))


def _base() -> dict[Path, Path]:
    """Each file of the base: its place there, and where it is here."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    files = {path: path for path in image.tree(stdlib, UNUSED)}
    files |= {image.PYTHON.with_name(name): image.PYTHON for name in ("python3", image.PYTHON.name)}
    for name in PROGRAMS:
        found = shutil.which(name, path="/usr/bin:/bin")
        assert found
        files[Path("/bin") / name] = Path(found).resolve()
    return files | {path: path.resolve() for path in _libraries()}


def _libraries() -> Iterator[Path]:
    """What wheels are linked with, as the loader finds it."""
    known = subprocess.run(["/sbin/ldconfig", "-p"], check=True, capture_output=True, text=True)
    for line in known.stdout.splitlines():
        name, _, place = line.strip().partition(" => ")
        if name.partition(" ")[0] in LIBRARIES:
            yield Path(place)
