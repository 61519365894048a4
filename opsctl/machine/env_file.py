"""The project's .env, as `opsctl setup` writes it."""

from collections.abc import Mapping
from pathlib import Path

from core.files import SECRET, whole_file
from opsctl.terminal import output

HEAD = "# Settings, NAME=value without quotes; opsctl doctor --settings lists all of them.\n"


def add_settings(root: Path, values: Mapping[str, str]) -> None:
    """Add settings to .env, which only its owner may read; what stands there stays."""
    path = root / ".env"
    if path.is_file() and not values:
        path.chmod(0o600)
        return
    text = path.read_text(encoding="utf-8-sig") if path.is_file() else HEAD
    text += "" if text.endswith("\n") else "\n"
    text += "".join(f"{name}={value}\n" for name, value in values.items())
    with whole_file(path, SECRET) as draft:
        draft.write_text(text, encoding="utf-8")
    output.note(f"wrote {path}")
