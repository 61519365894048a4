"""The files that settings are read from, by Docker's rules for env files."""

import re
from collections.abc import Mapping
from pathlib import Path

from core.errors import UsageError
from core.files import SECRET, access_hint, whole_file

ZERO_ADAPTER = "zero"
OURS = ("OPSCTL_", "HF_")  # other lines of an .env are for other programs
# Between double quotes systemd takes everything else for itself, line ends too.
_SPECIAL, _ESCAPED = re.compile(r'(["\\$`])'), r"\\\1"


def read_env_file(path: Path) -> dict[str, str]:
    """Read NAME=value lines by Docker's rules: no quotes, no comments but whole lines."""
    text = _read(path)
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    values = {name.strip(): value.strip() for name, _, value in pairs}
    for name, value in values.items():
        quoted = name.startswith("export ") or value[:1] in ("'", '"')
        if quoted and name.removeprefix("export ").startswith(OURS):
            raise UsageError(
                f"{path}: {name} is written for a shell", "write NAME=value, no quotes"
            )
    return values


def ignored_lines(path: Path) -> tuple[int, ...]:
    """The numbers of the lines that set nothing and are no comments: an = is missing there."""
    lines = ((number, line.strip()) for number, line in enumerate(_read(path).splitlines(), 1))
    return tuple(
        number for number, line in lines if line and line[0] != "#" and not line.partition("=")[1]
    )


def write_systemd_file(path: Path, values: Mapping[str, str]) -> None:
    """Write an EnvironmentFile by systemd's rules, which only its owner may read; none if empty."""
    path.unlink(missing_ok=True)
    if not values:
        return
    lines = [f'{name}="{_SPECIAL.sub(_ESCAPED, value)}"\n' for name, value in values.items()]
    with whole_file(path, SECRET) as draft:
        draft.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")


def read_token_file(path: Path) -> dict[str, str]:
    """The Telegram token of a file that holds nothing else."""
    token = _read(path).strip()
    if len(token.split()) > 1:
        raise UsageError(f"{path} holds more than one word", "leave the bot's token in it, alone")
    return {"OPSCTL_TELEGRAM_TOKEN": token} if token else {}


def local_of(path: Path) -> Path:
    """The file beside it whose lines win, and which git ignores: tgi.local.env for tgi.env."""
    return path.with_name(f"{path.stem}.local{path.suffix}")


def read_server_file(path: Path) -> dict[str, str]:
    """The settings that follow from the model server's own: the adapter that requests name.

    Other lines may be as wrong as they like: a request without its adapter would silently be
    answered by the base model.
    """
    rows = [*_read(path).splitlines(), *_read(local_of(path)).splitlines()]
    lines = [line.strip().partition("=") for line in rows]
    declared = [value for name, _, value in lines if name == "LORA_ADAPTERS"]
    entries = declared[-1].split(",") if declared else []
    names = [entry.strip(" \"'").partition("=")[0].partition("@")[0] for entry in entries]
    real = [name for name in names if name and name != ZERO_ADAPTER]
    return {"OPSCTL_ADAPTER": real[0]} if real else {}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})", access_hint(path)) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text ({error})", f"file {path}") from error
