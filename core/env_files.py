"""The files that settings are read from, by Docker's rules for env files."""

import re
from collections.abc import Mapping
from pathlib import Path

from core.errors import UsageError
from core.files import SECRET, access_hint, whole_file

OURS = ("OPSCTL_", "HF_")  # other lines of an .env are for other programs
# Between double quotes systemd takes everything else for itself, line ends too.
_SPECIAL, _ESCAPED = re.compile(r'(["\\$`])'), r"\\\1"


def read_env_file(path: Path) -> dict[str, str]:
    """Read NAME=value lines by Docker's rules: no quotes, no comments but whole lines."""
    text = read_text(path)
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
    lines = ((number, line.strip()) for number, line in enumerate(read_text(path).splitlines(), 1))
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
    token = read_text(path).strip()
    if len(token.split()) > 1:
        raise UsageError(f"{path} holds more than one word", "leave the bot's token in it, alone")
    return {"OPSCTL_TELEGRAM_TOKEN": token} if token else {}


def read_text(path: Path) -> str:
    """The text of a file that people write by hand; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})", access_hint(path)) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text ({error})", f"file {path}") from error
