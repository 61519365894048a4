"""Colab without Colab: python -m tests.fakes.colab NOTEBOOK CONTENT [LAST] runs the cells to LAST.

`!` lines go to bash and must succeed, %cd and %env are known, the rest is Python. CONTENT stands
for /content. From the environment: COLAB_FORM has values of the form's fields in JSON,
COLAB_UPLOADS is a folder with the files that are chosen, COLAB_PASSWORD what is typed. `install`
makes the programs of such a machine: a card, and a git, pip, virtualenv and cmake that fetch
and build nothing.
"""

import getpass
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.fakes import vllm

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "assistant", "bot", "core", "deploy", "indexer", "localtgi", "opsctl", "training",
    "pyproject.toml", "documents/sample/grafik-rejsov-2026.md",
)  # fmt: skip
SPECIAL = re.compile(r"^( *)([!%])(.+)$", re.MULTILINE)
CARD = "0, GPU-0, Tesla T4, 15360, 5, 14843, 7.5, {driver}"


def main(notebook: str, content: str, last: str = "") -> None:
    """Run the cells; one that fails is named, and ends it."""
    os.chdir(content)
    getpass.getpass = lambda prompt="", stream=None: os.environ["COLAB_PASSWORD"]
    sys.modules |= modules()
    form: dict[str, Any] = json.loads(os.environ.get("COLAB_FORM", "{}"))
    space: dict[str, Any] = {"_shell": shell, "_magic": magic}
    for cell in json.loads(Path(notebook).read_text("utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        sys.stdout.write(f"[{cell['id']}]\n")
        source = "".join(cell["source"]).replace("/content", content)
        exec(compile(translated(source, form), cell["id"], "exec"), space)
        if cell["id"] == last:
            break


def translated(source: str, form: dict[str, Any]) -> str:
    """A cell as Python alone, with the fields of its form filled in."""
    for name, value in form.items():
        source = re.sub(rf"^{name} = .*# @param.*$", f"{name} = {value!r}", source, flags=re.M)
    calls = {"!": "_shell", "%": "_magic"}
    return SPECIAL.sub(lambda it: f"{it[1]}{calls[it[2]]}({it[3]!r}, globals())", source)


def shell(line: str, space: dict[str, Any]) -> None:
    """A line for bash, with {names} of Python."""
    sys.stdout.flush()
    line = re.sub(r"\{(\w+)\}", lambda name: str(space[name[1]]), line)
    done = subprocess.run(["bash", "-c", line], stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    if done.returncode:
        raise SystemExit(f"exit code {done.returncode}: {line}")


def magic(line: str, space: dict[str, Any]) -> None:
    """%cd and %env."""
    name, _, rest = line.partition(" ")
    if name == "cd":
        os.chdir(rest)
    elif name == "env":
        key, _, value = rest.partition("=")
        os.environ[key] = value
    else:
        raise SystemExit(f"this stand-in knows no %{name}")


def modules() -> dict[str, ModuleType]:
    """google.colab with drive and files."""
    drive, files = ModuleType("google.colab.drive"), ModuleType("google.colab.files")
    vars(drive)["mount"] = lambda place: (Path(place) / "MyDrive").mkdir(
        parents=True, exist_ok=True
    )
    vars(files)["upload"] = upload
    colab = ModuleType("google.colab")
    vars(colab).update(drive=drive, files=files)
    return {"google": ModuleType("google"), "google.colab": colab}


def upload() -> dict[str, bytes]:
    """Put what is chosen into the current folder, as Colab does."""
    chosen = sorted(Path(os.environ["COLAB_UPLOADS"]).iterdir())
    return {file.name: Path(shutil.copy(file, file.name)).read_bytes() for file in chosen}


def install(folder: Path, driver: str = "580.95") -> dict[str, str]:
    """Make the programs; return the environment that finds them. What pip was asked: pip.log."""
    programs = folder / "programs"
    programs.mkdir(parents=True)
    vllm.install(folder / "vllm")
    card = CARD.format(driver=driver)
    pip = f"""echo "$PIP_CACHE_DIR $*" >> {folder}/pip.log
case "$*" in
*" vllm=="*) cp {folder}/vllm/bin/* "$(dirname "$0")";;
*" -e "*) cp {folder}/opsctl "$(dirname "$0")";;
esac"""
    texts = {
        "nvidia-smi": f"""case "$1" in
--query-gpu=driver_version) echo {driver};;
--query-gpu=*) echo "{card}";;
esac""",
        "pip": pip,
        "virtualenv": f'for last; do :; done; mkdir -p "$last/bin"; cp {programs}/pip "$last/bin"',
        "cmake": f"""case $1 in
--build) mkdir -p build/bin; cp {folder}/llama-server build/bin;;
esac""",
        "git": f"""for last; do :; done
mkdir "$last" && last=$(realpath "$last") || exit
case "$*" in
*llama.cpp*) ;;
*) cd {ROOT} && cp -rp --parents {" ".join(PARTS)} "$last";;
esac""",
    }
    for name, text in texts.items():
        write_program(programs / name, text)
    write_program(folder / "opsctl", f'exec {sys.executable} -m opsctl "$@"')
    serve = f'exec {sys.executable} -m opsctl.llamacpp.serve "$@"'
    write_program(folder / "llama-server", f'[ "$*" = --list-devices ] || {serve}')
    return {"PATH": f"{programs}:{os.defpath}"}


def write_program(path: Path, text: str) -> None:
    """A program for the shell."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


if __name__ == "__main__":
    main(*sys.argv[1:])
