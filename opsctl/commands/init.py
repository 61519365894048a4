"""opsctl init: make a project in a folder of its own."""

import shlex
import shutil
from pathlib import Path
from typing import Annotated

import typer

from assistant.env_example import example
from core.errors import UsageError
from core.files import SECRET, whole_file, write_whole
from core.project import DEPLOY, MARK, MARK_TEXT, above, is_checkout, is_project
from opsctl.terminal import output


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder; . is this one.")],
) -> None:
    """Make a project: a folder for documents, an .env for settings, the model server's settings.

    What is there stays as it is: running it again is safe.
    """
    root = folder.absolute()
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is not a folder", "opsctl init DIR")
    around = None if is_project(root) else above(root.resolve().parent)
    if around:
        raise UsageError(
            f"{root} is inside the project {around}: commands called there would find another one",
            f"use that one: opsctl -C {shlex.quote(str(around))} setup; or opsctl init DIR outside",
        )
    for path in (root / "documents", root / "deploy"):
        path.mkdir(parents=True, exist_ok=True)
    _write(root / ".env", example(), secret=True)
    _copy_server_settings(root / "deploy" / "tgi.env")
    if not is_checkout(root):
        _write(root / MARK, MARK_TEXT)
    again = shlex.quote(output.called())
    again += "" if root == Path.cwd() else f" -C {shlex.quote(str(folder))}"
    output.note(f"next: put documents into {root / 'documents'}, then: {again} setup")


def _write(path: Path, text: str, secret: bool = False) -> None:
    if path.exists():
        output.note(f"kept {path}")
        return
    if secret:
        with whole_file(path, SECRET) as draft:
            draft.write_text(text, encoding="utf-8")
    else:
        write_whole(path, text)
    output.note(f"wrote {path}")


def _copy_server_settings(path: Path) -> None:
    """An older copy is kept, and told."""
    ours = DEPLOY / "tgi.env"
    if not path.exists():
        shutil.copyfile(ours, path)
        output.note(f"wrote {path}")
    elif path.read_bytes() == ours.read_bytes():
        output.note(f"kept {path}")
    else:
        compare = shlex.join(["diff", str(path), str(ours)])
        output.note(f"kept {path}, which is not this version's: {compare}")
