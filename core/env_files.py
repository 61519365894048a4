"""The files that settings are read from, most of them by Docker's rules."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from core.errors import UsageError
from core.files import SECRET, access_hint, whole_file

OURS = ("OPSCTL_", "HF_")  # other lines of an .env are for other programs
_QUOTED = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*)"(.*)'),
    "'": re.compile(r"'([^']*)'(.*)"),
}
_ESCAPE = re.compile(r'\\(["\\$`])')
# Between double quotes systemd takes everything else for itself, line ends too.
_SPECIAL, _ESCAPED = re.compile(r'(["\\$`])'), r"\\\1"


def read_env_file(path: Path) -> dict[str, str]:
    """Read NAME=value lines; ours may have quotes, a comment after them, and `export` before.

    Without quotes all of the line is the value, as for Docker.
    """
    values = {}
    for number, name, value in _assignments(path):
        if name.startswith(OURS) and value[:1] in _QUOTED:
            value = _unquoted(value, f"{path}, line {number}: {name}")
        values[name] = value
    return values


def place_of(path: Path, name: str) -> str:
    """The file and the line that gives a setting its value: the last that does."""
    numbers = [number for number, given, _ in _assignments(path) if given == name]
    return f"{path}, line {numbers[-1]}"


def _assignments(path: Path) -> Iterator[tuple[int, str, str]]:
    """Number, name and value, as they stand there, of each line that sets something."""
    for number, line in enumerate(read_text(path).splitlines(), 1):
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            yield number, name.removeprefix("export ").strip(), value.strip()


def _unquoted(value: str, place: str) -> str:
    quote = value[0]
    found = _QUOTED[quote].match(value)
    if not found:
        hint = f"write the value without quotes, or close it with {quote}"
        raise UsageError(f"{place} has no closing {quote}", hint)
    if found[2] and not found[2].lstrip().startswith("#"):
        hint = "remove that text, or write # before it"
        raise UsageError(f"{place} has text after the closing {quote}", hint)
    return _ESCAPE.sub(r"\1", found[1]) if quote == '"' else found[1]


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
