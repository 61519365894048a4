"""Real programs for tests: Debian's packages, unpacked into a cache and never installed."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "opsctl-tests"


class MissingPartError(Exception):
    """A real part that this machine cannot have; the text says why, in one line."""


def unpacked(packages: Sequence[str]) -> Path:
    """The folder that packages were unpacked into; the first call fetches them.

    The first package is what is wanted; those of the others that the release does not have are
    left out. Nothing of the system is changed. Raises MissingPartError.
    """
    key = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:8]
    folder = CACHE / f"{packages[0]}-{key}"
    if folder.is_dir():
        return folder
    if not shutil.which("apt-get"):
        raise MissingPartError(f"there is no apt-get here to fetch {packages[0]} with")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="draft-") as draft:
        root = Path(draft) / "root"
        _fetch(packages, Path(draft), root)
        if not folder.is_dir():  # another run may have been faster
            root.rename(folder)
    return folder


def _fetch(packages: Sequence[str], draft: Path, root: Path) -> None:
    """Download into a folder with package lists of its own, and unpack."""
    for name in ("lists/partial", "archives/partial", "debs"):
        (draft / name).mkdir(parents=True)
    apt = [
        "-qq",
        *("-o", f"Dir::State::Lists={draft / 'lists'}"),
        *("-o", f"Dir::Cache={draft}"),
        *("-o", "APT::Sandbox::User=root"),
        *("-o", "APT::Update::Error-Mode=any"),
    ]
    _run("apt-get", *apt, "update", cwd=draft)
    known = set(_run("apt-cache", *apt, "pkgnames", cwd=draft).split())
    if packages[0] not in known:
        raise MissingPartError(f"apt-get knows no package {packages[0]} here")
    chosen = [name for name in packages if name in known]
    _run("apt-get", *apt, "download", *chosen, cwd=draft / "debs")
    for package in sorted((draft / "debs").iterdir()):
        _run("dpkg-deb", "-x", str(package), str(root), cwd=draft)


def _run(*argv: str, cwd: Path) -> str:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit {done.returncode}"]
        raise MissingPartError(f"{argv[0]}: {said[-1]}")
    return done.stdout
