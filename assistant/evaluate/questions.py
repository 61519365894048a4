"""The lines of a question set: what is asked, which document answers it, what the answer says."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UsageError

# A string or one of several; or {"all": […]} its parts, or {"pattern": "…"} an expression.
Expected = str | Sequence[str] | Mapping[str, Any]
_FORMAT = (
    'lines of {"question": "…", "file": "path in documents/ or null", "page": number,'
    ' "answer": "what it says"}'
)


@dataclass(frozen=True)
class Question:
    """A question, the document (and page) that answers it, and what an answer has to say.

    Nothing answers it where neither `file` nor `answer` is given.
    """

    text: str
    file: str | None
    page: int | None
    answer: Expected | None = None
    kind: str | None = None

    @property
    def is_answerable(self) -> bool:
        """Tell whether the documents hold an answer."""
        return self.file is not None or self.answer is not None


def read_questions(path: Path) -> list[Question]:
    """Read a JSON Lines file; raise UsageError that names the line that is wrong."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}", f"it should hold {_FORMAT}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error})", f"it should hold {_FORMAT}") from error
    questions = [
        _question(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()
    ]
    if not questions:
        raise UsageError(f"{path} has no questions", f"it should hold {_FORMAT}")
    return questions


class _Wrong(Exception):
    """What is wrong with a line, in words."""


def _question(path: Path, number: int, line: str) -> Question:
    try:
        row = json.loads(line)
        return _checked(row)
    except _Wrong as wrong:
        cause = f": {wrong}"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        cause = ""
    raise UsageError(f"{path}, line {number} is wrong{cause}", f"it should hold {_FORMAT}")


def _checked(row: Any) -> Question:
    text, page, answer, kind = row["question"], row.get("page"), row.get("answer"), row.get("kind")
    unanswerable = row.get("unanswerable", False)
    file = row.get("file") if answer is not None or unanswerable is True else row["file"]
    paged = page is None or (isinstance(page, int) and not isinstance(page, bool) and page > 0)
    typed = isinstance(file, str | None) and isinstance(kind, str | None)
    if not (_is_said(text) and paged and typed and isinstance(unanswerable, bool)):
        raise ValueError
    if unanswerable and not (file is None and answer is None):
        raise _Wrong("what is unanswerable has no file and no answer")
    if answer is not None:
        if "file" in row and file is None:
            raise _Wrong('"file": null is for questions without an answer')
        _check(answer)
    return Question(text, file, page, answer, kind)


def _check(answer: object) -> None:
    match answer:
        case {"pattern": str(pattern), **more} if not more and pattern.strip():
            try:
                re.compile(pattern)
            except (re.error, OverflowError) as error:
                raise _Wrong(f"the pattern is not a regular expression ({error})") from None
            return
        case {"all": list(parts), **more} if not more:
            strings = parts
        case list(parts):
            strings = parts
        case _:
            strings = [answer]
    if not strings or not all(map(_is_said, strings)):
        raise _Wrong('"answer" is a string, a list of them, {"all": list} or {"pattern": string}')


def _is_said(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip())
