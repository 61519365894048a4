"""Writes the table of settings into the READMEs: python -m assistant.readme (make readme)."""

import re
from pathlib import Path

from assistant.settings import table

READMES = {"README.md": "en", "README.ru.md": "ru"}
_BLOCK = re.compile(r"(<!-- settings -->\n).*?(<!-- /settings -->)", re.DOTALL)


def with_table(text: str, language: str) -> str:
    """Return a README's text with the table of settings as it is now."""
    return _BLOCK.sub(lambda match: f"{match[1]}{table(language)}\n{match[2]}", text)


def main() -> None:
    """Rewrite the READMEs of this folder."""
    for name, language in READMES.items():
        path = Path(name)
        path.write_text(with_table(path.read_text("utf-8"), language), "utf-8")


if __name__ == "__main__":
    main()
