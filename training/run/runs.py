"""The folder of a run: what was asked for, what happened, what came of it. Read without torch."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UsageError, UserError
from core.files import write_whole
from core.server_file import ZERO_ADAPTER

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
Event = dict[str, Any]  # a line of log.jsonl: step, epoch, seconds, loss or eval_loss, lr, tokens


@dataclass(frozen=True)
class Run:
    """A run's folder and the files in it."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def settings(self) -> Path:
        return self.folder / "settings.json"

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.json"

    @property
    def log(self) -> Path:
        return self.folder / "log.jsonl"

    @property
    def first_sample(self) -> Path:
        return self.folder / "first_sample.txt"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def picture(self) -> Path:
        return self.folder / "loss.png"

    @property
    def comparison(self) -> Path:
        return self.folder / "compare.json"

    @property
    def lock(self) -> Path:
        return self.folder.with_name(f".{self.name}.lock")  # --start-over removes it

    def read_settings(self) -> dict[str, Any]:
        """What the run was started with; UserError when there is no such run."""
        return self._read(self.settings, "has not been started")

    def read_manifest(self) -> dict[str, Any]:
        """What came of the run; UserError when it has not ended."""
        return self._read(self.manifest, "has not ended")

    def read_log(self) -> list[Event]:
        """The events so far, oldest first; a line that was cut by a kill is left out."""
        return list(self._events()) if self.log.is_file() else []

    def write_settings(self, settings: dict[str, Any]) -> None:
        write_json(self.settings, settings)

    def write_manifest(self, manifest: dict[str, Any]) -> None:
        write_json(self.manifest, manifest)

    def forget_after(self, step: int) -> None:
        """Drop the events after a step: the run goes on from there."""
        kept = (json.dumps(event) for event in self.read_log() if event["step"] <= step)
        write_whole(self.log, "".join(f"{line}\n" for line in kept))

    def _events(self) -> Iterator[Event]:
        with self.log.open("rb") as stream:
            for line in stream:
                if line.endswith(b"\n"):
                    yield json.loads(line)

    def _read(self, path: Path, missing: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            hint = f"opsctl train run --name {self.name}; runs here: {_others(self.folder)}"
            there = self.folder.is_dir()
            told = f"the run {self.name} {missing}" if there else f"there is no run {self.name}"
            raise UserError(told, hint) from None
        except ValueError as error:
            raise UserError(f"{path} cannot be read ({error})") from error
        return found


def run_folder(state: Path, name: str) -> Path:
    """Where the run of this name is, or will be; UsageError for a name that cannot be one."""
    check_name(name)
    return state / "training" / "runs" / name


def check_name(name: str) -> None:
    """Raise UsageError unless a folder, TGI and the Hub take the name."""
    if not NAME.fullmatch(name):
        hint = "letters, digits, dot, dash and underscore, a letter or digit first: --name yandexq"
        raise UsageError(f"{name!r} cannot be a run's name", hint)
    if name == ZERO_ADAPTER:
        raise UsageError(f"the name {name} belongs to the adapter that changes nothing")


def write_json(path: Path, value: object) -> None:
    """Write a JSON file whole or not at all."""
    write_whole(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _others(folder: Path) -> str:
    names: Iterable[Path] = folder.parent.iterdir() if folder.parent.is_dir() else ()
    found = sorted(path.name for path in names if (path / "settings.json").is_file())
    return ", ".join(found) or "none"
