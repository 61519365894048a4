"""A place where runs are made, and what they leave."""

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.workspace import Workspace

# Two epochs of 450 rows: 58 steps, evaluated and saved each 10.
RUN = ("--epochs", "2", "--accumulate", "2", "--lr", "1e-2", "--save-steps", "10")
NAME = "yandexq"


@dataclass(frozen=True)
class Lab:
    """A workspace with prepared rows in its state folder, and the tiny base."""

    workspace: Workspace
    base: Path
    told: "subprocess.CompletedProcess[str] | None" = None

    @property
    def data(self) -> Path:
        return self.workspace.state / "training" / "data"

    @property
    def run(self) -> Path:
        return self.workspace.state / "training" / "runs" / NAME

    @property
    def adapter(self) -> Path:
        return self.workspace.state / "adapters" / NAME

    @property
    def manifest(self) -> dict[str, Any]:
        return dict(json.loads((self.run / "manifest.json").read_text()))

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.run / "log.jsonl").read_text().splitlines()]

    def command(self, *flags: str) -> tuple[str, ...]:
        """`opsctl train run` on the GPTQ base."""
        return "train", "run", "--model", str(self.base / "model-gptq"), *flags

    def sha256(self) -> str:
        """Of the adapter's weights."""
        return hashlib.sha256((self.adapter / "adapter_model.safetensors").read_bytes()).hexdigest()

    def curve(self) -> list[tuple[int, str, float]]:
        """The log without its times: step, kind and value."""
        kinds = ("loss", "eval_loss")
        return [(e["step"], kind, e[kind]) for e in self.log for kind in kinds if kind in e]


def heard(process: "subprocess.Popen[str]", words: str) -> str:
    """Read what a running command says up to a line with the words."""
    assert process.stderr
    lines = []
    for line in process.stderr:
        lines.append(line)
        if words in line:
            return line
    raise AssertionError(f"never said {words!r}: {''.join(lines)}")


def times(folder: Path) -> dict[str, int]:
    """All files with when they were written; locks are no content."""
    paths = (path for path in folder.rglob("*") if path.suffix != ".lock" and path.is_file())
    return {str(path): path.stat().st_mtime_ns for path in paths}
