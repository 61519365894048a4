"""The stand-in model server as a Docker image: this interpreter, aiohttp, the fakes, a launcher."""

import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import IO

from tests.real.docker.engine import Engine

ROOT = Path(__file__).resolve().parents[3]
APP = Path("/opt/tgi")
PYTHON = Path(sys.executable).resolve()
PROGRAMS = (PYTHON.parent, Path("/usr/bin"), Path("/bin"))
LAUNCHER = Path(__file__).with_name("launcher.py")
# Of the standard library; it is most of its size.
UNUSED = {
    "site-packages", "dist-packages", "test", "idlelib", "tkinter", "turtledemo",
    "ensurepip", "lib2to3", "pydoc_data",
}  # fmt: skip
# Prints the files of what the server imports that is not of the standard library.
FOREIGN = """
import sys
before = set(sys.modules)
import tests.fakes.tgi
names = {name.partition(".")[0] for name in set(sys.modules) - before}
modules = [sys.modules[name] for name in names - set(sys.stdlib_module_names) - {"tests"}]
print(*(module.__file__ for module in modules if getattr(module, "__file__", None)), sep="\\n")
"""


def make(engine: Engine, name: str) -> None:
    """Give the engine the image under a name."""
    files = _files()
    entry = f'ENTRYPOINT ["{PYTHON}", "{APP / LAUNCHER.name}"]'
    import_files(engine, name, files, [entry, "ENV PORT=80"])


def import_files(
    engine: Engine, name: str, files: dict[Path, Path], changes: Sequence[str] = ()
) -> None:
    """Give the engine an image of files, by their place there, and of the libraries they need."""
    programs = [path for path in files.values() if path.suffix == ".so" or path.parent in PROGRAMS]
    libraries = _libraries(programs)
    files |= {path: path.resolve() for path in libraries}
    folders = ":".join(sorted({str(path.parent) for path in libraries}))
    changed = [f"--change={change}" for change in (*changes, f"ENV LD_LIBRARY_PATH={folders}")]
    with subprocess.Popen(
        [str(engine.programs / "usr/bin/docker"), "import", *changed, "-", name],
        env=engine.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
    ) as docker:  # fmt: skip
        assert docker.stdin
        _write(files, docker.stdin)
    assert docker.returncode == 0


def _write(files: dict[Path, Path], to: IO[bytes]) -> None:
    with to, tarfile.open(fileobj=to, mode="w|", dereference=True) as tar:
        folder = tarfile.TarInfo("/tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(folder)
        for place, path in files.items():
            tar.add(path, str(place))


def _files() -> dict[Path, Path]:
    """Every file of the image but shared libraries: its place there, and where it is here."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    found = {PYTHON: PYTHON, APP / LAUNCHER.name: LAUNCHER}
    found |= {path: path for path in tree(stdlib)}
    app = [ROOT / "tests" / "__init__.py", *tree(ROOT / "tests" / "fakes")]
    found |= {APP / path.relative_to(ROOT): path for path in app}
    for place in _foreign_packages():
        paths = tree(place) if place.is_dir() else [place]
        found |= {APP / path.relative_to(place.parent): path for path in paths}
    return found


def _foreign_packages() -> list[Path]:
    """Packages and modules that the server needs beside the standard library."""
    argv = [sys.executable, "-c", FOREIGN]
    done = subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    files = map(Path, done.stdout.splitlines())
    return [file.parent if file.name == "__init__.py" else file for file in files]


def tree(folder: Path, unused: Container[str] = UNUSED) -> Iterator[Path]:
    """The files of a package, without what no server needs."""
    for path in folder.iterdir():
        if path.name in unused or path.name.startswith("config-") or ".opt-" in path.name:
            continue
        if path.is_dir():
            yield from tree(path, unused)
        else:
            yield path


def _libraries(programs: list[Path]) -> set[Path]:
    """The shared libraries that programs are linked with, and the loader."""
    argv = ["ldd", *map(str, programs)]
    said = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
    own = {f"{program}:" for program in programs}
    words = [word for line in said.splitlines() if line not in own for word in line.split()]
    return {Path(word) for word in words if word.startswith("/")}
