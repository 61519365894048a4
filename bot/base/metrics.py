"""What the bot counts, for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

FIRST_TOKEN = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)
WHOLE = (1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600)


class Metrics:
    """Counters of one running bot."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._polls = self._counter("bot_polls", "polls of Telegram that were answered")
        self._updates = self._counter("bot_updates", "updates received")
        self._answers = self._counter("bot_answers", "answers by who wrote them", "kind")
        self._failures = self._counter("bot_failures", "failures by kind", "kind")
        self._fallbacks = self._counter(
            "bot_fallbacks", "quotations instead of the model's answer, by the error", "kind"
        )
        self._unsupported = self._counter(
            "bot_unsupported_sentences", "sentences of the model's that no passage supports"
        )
        self._first = Histogram(
            "bot_first_token_seconds", "seconds to the first token", buckets=FIRST_TOKEN,
            registry=self._registry,
        )  # fmt: skip
        self._whole = Histogram(
            "bot_answer_seconds", "seconds from question to shown answer", buckets=WHOLE,
            registry=self._registry,
        )  # fmt: skip

    def watch(self, name: str, help: str, value: Callable[[], float]) -> None:
        """Add a gauge that is read when somebody asks."""
        Gauge(name, help, registry=self._registry).set_function(value)

    def polled(self, updates: int) -> None:
        self._polls.inc()
        self._updates.inc(updates)

    def answered(self, kind: str) -> None:
        """An answer is there: server, extractive, none (nothing was found), failed or deadline."""
        self._answers.labels(kind).inc()

    def failed(self, kind: str) -> None:
        """Something failed, and may be tried again."""
        self._failures.labels(kind).inc()

    def fell_back(self, kind: str) -> None:
        """An answer is quoted, because the model gave none."""
        self._fallbacks.labels(kind).inc()

    def unsupported(self, sentences: int) -> None:
        """So many sentences of a model's answer are in no passage."""
        self._unsupported.inc(sentences)

    def first_token(self, seconds: float) -> None:
        """The first piece of an answer came."""
        self._first.observe(seconds)

    def seconds_to_answer(self, seconds: float) -> None:
        """An answer is shown."""
        self._whole.observe(max(0.0, seconds))

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def _counter(self, name: str, help: str, *labels: str) -> Counter:
        return Counter(name, help, labels, registry=self._registry)
