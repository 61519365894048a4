"""The settings: each declared once, read here and nowhere else.

Order: command-line flag, process environment, .env in the project folder, default.
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from indexer.errors import UsageError

PREFIX = "OPSCTL_"
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
ENGINES = ("auto", "extractive")


def _setting(default: Any, help: str, help_ru: str, choices: tuple[str, ...] = ()) -> Any:
    metadata = {"help": help, "help_ru": help_ru, "choices": choices}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """Everything that can be set, with types and defaults."""

    documents: Path = _setting(
        Path("documents"), "the folder with the documents", "папка с документами"
    )
    state: Path = _setting(
        Path("var"),
        "the folder for all state: index, models that were put there",
        "папка состояния: индекс и положенные туда модели",
    )
    embedder: str = _setting(
        "auto",
        "`builtin`, a model folder or a Hub name; `auto`: cointegrated/LaBSE-en-ru where it is on"
        " this machine, else `builtin`",
        "`builtin`, папка модели или имя на Hub; `auto`: cointegrated/LaBSE-en-ru, если она есть на"
        " этой машине, иначе `builtin`",
    )
    engine: str = _setting(
        "auto",
        "who answers: `extractive` quotes the documents; `auto`: the best there is",
        "кто отвечает: `extractive` цитирует документы; `auto` — лучшее из доступного",
        ENGINES,
    )
    chunk_tokens: int = _setting(
        256, "the size of a passage, in tokens", "размер отрывка в токенах"
    )
    chunk_overlap: int = _setting(
        12, "tokens that two neighbouring passages may share", "перекрытие соседних отрывков"
    )
    top_k: int = _setting(
        5, "passages that an answer is made from", "сколько отрывков идёт в ответ"
    )
    dense_weight: float | None = _setting(
        None,
        "how much vectors count beside words, from 0 to 10; empty: 1 for a model, 0 for `builtin`",
        "вес векторов рядом со словами, от 0 до 10; пусто: 1 для модели, 0 для `builtin`",
    )
    threshold: float | None = _setting(
        None,
        "confidence from 0 to 1 below which nothing is found; empty: 0.5, or the one saved"
        " by `opsctl eval --save-threshold`",
        "уверенность от 0 до 1, ниже которой ничего не найдено; пусто: 0,5 или тот, что"
        " сохранила `opsctl eval --save-threshold`",
    )
    debug: bool = _setting(False, "show the traceback of an error", "показывать трассировку ошибки")

    @property
    def index(self) -> Path:
        """Where the index is."""
        return self.state / "index"

    @property
    def models(self) -> Path:
        """Where downloaded models are."""
        return self.state / "models"


@dataclass(frozen=True)
class Loaded:
    """Settings with the origin of each value, and names that look like settings but are none."""

    settings: Settings
    origins: Mapping[str, str]
    unknown: tuple[str, ...]


def load(**flags: object) -> Settings:
    """Read the settings; flags that are not None win. Raise UsageError for a bad value."""
    return load_with_origins(**flags).settings


def load_with_origins(**flags: object) -> Loaded:
    """Read the settings and remember where each value came from."""
    root = project_root(Path.cwd())
    layers: list[tuple[str, Mapping[str, str], Path]] = [
        ("environment", dict(os.environ), Path.cwd()),
        (".env", read_env_file(root / ".env"), root),
    ]
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for item in dataclasses.fields(Settings):
        values[item.name], origins[item.name] = _resolve(item, flags, layers, root)
    settings = Settings(**values)  # type: ignore[arg-type]
    if settings.chunk_overlap >= settings.chunk_tokens:
        raise UsageError(
            f"OPSCTL_CHUNK_OVERLAP is {settings.chunk_overlap}, not less than"
            f" OPSCTL_CHUNK_TOKENS, which is {settings.chunk_tokens}",
            "leave both out for 12 and 256",
        )
    known = {PREFIX + item.name.upper() for item in dataclasses.fields(Settings)}
    names = {name for _, layer, _ in layers for name in layer if name.startswith(PREFIX)}
    return Loaded(settings, origins, tuple(sorted(names - known)))


def project_root(start: Path) -> Path:
    """The nearest folder above that has a documents folder, as git finds its own; else `start`."""
    for folder in (start, *start.parents):
        if (folder / "documents").is_dir():
            return folder
    return start


def read_env_file(path: Path) -> dict[str, str]:
    """Read NAME=value lines by Docker's rules: no quotes, no comments but whole lines."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can not be read ({error})", f"ls -l {path}") from error
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    values = {name.strip(): value.strip() for name, _, value in pairs}
    for name, value in values.items():
        if name.startswith("export ") or value[:1] in ("'", '"'):
            raise UsageError(
                f"{path}: {name} is written for a shell", "write NAME=value, no quotes"
            )
    return values


def _resolve(
    item: "dataclasses.Field[Any]",
    flags: Mapping[str, object],
    layers: list[tuple[str, Mapping[str, str], Path]],
    root: Path,
) -> tuple[object, str]:
    flag = flags.get(item.name)
    if flag is not None:
        return _parse(item, str(flag), f"--{item.name}", Path.cwd()), "flag"
    name = PREFIX + item.name.upper()
    for origin, layer, base in layers:
        if layer.get(name):
            return _parse(item, layer[name], name, base), origin
    default = item.default
    return (root / default if isinstance(default, Path) else default), "default"


def _parse(item: "dataclasses.Field[Any]", text: str, name: str, base: Path) -> object:
    choices = item.metadata["choices"]
    if choices and text not in choices:
        raise UsageError(f"{name} is {text!r}", f"choose one of: {', '.join(choices)}")
    if isinstance(item.default, Path):
        return base / _expand(text, name)
    if isinstance(item.default, bool):
        if text.lower() not in _TRUE | _FALSE:
            raise UsageError(f"{name} is {text!r}", "give 1 or 0")
        return text.lower() in _TRUE
    if item.name == "embedder" and (base / _expand(text, name) / "config.json").is_file():
        return str((base / _expand(text, name)).resolve())
    if item.name in ("threshold", "dense_weight"):
        return _number(float, text, name, 0, 1 if item.name == "threshold" else 10)
    if isinstance(item.default, int):
        return _number(int, text, name, 0 if item.name == "chunk_overlap" else 1, 100_000)
    return text


def _expand(text: str, name: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{name} is {text!r}: {error}", "give the whole path") from error


def _number(kind: type, text: str, name: str, least: float, most: float) -> object:
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not least <= value <= most:
        raise UsageError(f"{name} is {text!r}", f"give a number from {least} to {most}")
    return value


def table(language: str = "en") -> str:
    """The settings as a Markdown table, for the README of that language."""
    head = {"en": ("Name", "Default", "Meaning"), "ru": ("Имя", "По умолчанию", "Что задаёт")}
    rows = [head[language], ("---", "---", "---")]
    for item in dataclasses.fields(Settings):
        default = "" if item.default is None else f"`{item.default}`"
        text = item.metadata["help" if language == "en" else "help_ru"]
        rows.append((f"`{PREFIX}{item.name.upper()}`", default, text))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
