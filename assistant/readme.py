"""Writes the settings into docs/ and .env.example: python -m assistant.readme (make readme)."""

import dataclasses
import re
from pathlib import Path

from assistant import env_example
from core.settings import PREFIX, Settings

PAGES = {"docs/settings.md": "en", "docs/settings.ru.md": "ru"}
_BLOCK = re.compile(r"(<!-- settings -->\n).*?(<!-- /settings -->)", re.DOTALL)


def with_table(text: str, language: str) -> str:
    """Return a page with the table of settings as it is now."""
    return _BLOCK.sub(lambda match: f"{match[1]}{table(language)}\n{match[2]}", text)


def table(language: str = "en") -> str:
    """The settings as a Markdown table, in that language."""
    head = {"en": ("Name", "Default", "Meaning"), "ru": ("Имя", "По умолчанию", "Что задаёт")}
    rows = [head[language], ("---", "---", "---")]
    for item in dataclasses.fields(Settings):
        default = "" if item.default in (None, "", ()) else f"`{item.default}`"
        text = item.metadata["help" if language == "en" else "help_ru"]
        rows.append((f"`{PREFIX}{item.name.upper()}`", default, text))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main() -> None:
    """Rewrite the pages and the example of this folder."""
    for name, language in PAGES.items():
        path = Path(name)
        path.write_text(with_table(path.read_text("utf-8"), language), "utf-8")
    Path(env_example.FILE).write_text(env_example.example(), "utf-8")


if __name__ == "__main__":
    main()
