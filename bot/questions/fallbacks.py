"""When quotations came instead of the model's answer: counted, logged with the cause, and kept.

What is kept is told to administrators (bot.news), and shown by /status and `opsctl status`.
"""

import logging

from assistant.events import Done
from bot.base.metrics import Metrics
from bot.store.store import Store

TROUBLE = "model_trouble"  # in the store: the kind of the error
# The question's own fault, and no news to administrators.
OF_ONE_QUESTION = ("TooLong", "Deadline")
log = logging.getLogger(__name__)


class Fallbacks:
    """Hears how each answer was made."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self.trouble = store.meta(TROUBLE)  # for which the model does not answer now, or nothing

    def quoted(self, number: int, done: Done) -> None:
        """An answer was quoted, because of an error; the server's words may be a person's."""
        kind, why = done.fault, f"{done.in_short} ({done.hint})"
        log.warning("answer %d is quoted, the model does not answer: %s: %s", number, kind, why)
        self._metrics.fell_back(kind)
        if kind not in OF_ONE_QUESTION:
            self._keep(kind)

    def answered(self) -> None:
        """The model has answered."""
        self._keep("")

    def _keep(self, kind: str) -> None:
        if kind == self.trouble:
            return
        self.trouble = kind
        with self._store.transaction():
            self._store.set_meta(TROUBLE, kind)
