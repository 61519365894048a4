"""The bot's log: on one stream, and no secret in any line of it."""

import json
import logging
import re
import sys
from collections.abc import Iterable
from types import TracebackType
from typing import TextIO
from urllib.parse import quote

MARK = "[redacted]"
TOKEN = re.compile(r"\d{6,}(?::|%3[Aa])[A-Za-z0-9_-]{30,}")
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# At INFO they write addresses with the token in them, at DEBUG the texts of people.
# faiss tells of each instruction set that it was not built for as of an error.
LOUD = ("httpx", "httpcore", "telegram", "markdown_it", "faiss")


class Redact(logging.Filter):
    """Takes bot tokens and the known secrets out of a record, its traceback too."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; it is always written."""
        record.msg, record.args = self.clean(record.getMessage()), None
        if record.exc_info:
            record.exc_text = self._formatter.formatException(record.exc_info)
            record.exc_info = None
        if record.exc_text:
            record.exc_text = self.clean(record.exc_text)
        if record.stack_info:
            record.stack_info = self.clean(record.stack_info)
        return True

    def clean(self, text: str) -> str:
        """The text with every secret replaced."""
        for form in self._forms:
            text = text.replace(form, MARK)
        return TOKEN.sub(MARK, text)


def set_up(level: str = "INFO", secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send the log to `stream` (standard error by default), redacted; also uncaught exceptions."""
    logging.basicConfig(level=level, format=FORMAT, stream=stream or sys.stderr, force=True)
    redact = Redact(secrets)
    for handler in logging.getLogger().handlers:
        handler.addFilter(redact)
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    # A traceback for each reply that is not JSON, which bot/telegram/diagnosis.py tells in a line.
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught


def _forms(secret: str) -> tuple[str, ...]:
    """How a secret may be written: itself, in an address, in JSON."""
    return secret, quote(secret, safe=""), json.dumps(secret)[1:-1]


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    logging.getLogger("bot").critical("the bot ends", exc_info=(kind, error, trace))
