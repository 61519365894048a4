"""The log of a model server, whichever it is: its runs, how far a start is, and why it failed."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from core.secrets import redact

Phase = Literal["download", "shard", "packing", "adapters", "webserver", "warm-up", "ready"]
Beginnings = tuple[tuple[str, Phase], ...]

PHASES: dict[Phase, str] = {
    "download": "looking for the model's files",
    "shard": "loading the model",
    "packing": "packing its weights for this CPU, once",
    "adapters": "loading the adapters",
    "webserver": "starting the web server",
    "warm-up": "warming up",
    "ready": "ready",
}
ENV = "in deploy/tgi.local.env"
LONGEST_QUOTE = 300
EXITED = 1
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Cause:
    """Why the server does not work, in a sentence, and what helps; `passing` where it may answer
    all the same."""

    name: str
    sentence: str
    fix: str
    passing: bool = False


DRAINING = Cause(
    "draining",
    "it was told to stop: it finishes its answers and takes no new question",
    "opsctl restart",
)
HANGING = Cause("hanging", "it takes connections and answers nothing: it hangs", "opsctl restart")


@dataclass(frozen=True)
class Rule:
    """A cause: the text that shows it, and the words for it, with its named groups and `{last}`.

    It counts in servers that never were ready (`where` is "start") or were ("ready"), that have
    ended or run (`when`), and with an exit code if one is named.
    """

    name: str
    text: str
    sentence: str
    fix: str
    where: Literal["start", "ready", "anywhere"] = "anywhere"
    when: Literal["ended", "running", "any"] = "any"
    code: int | None = None

    def match(self, log: str, exit_code: int | None, was_ready: bool) -> "re.Match[str] | None":
        """Find it in the log of a run."""
        if self.where != "anywhere" and (self.where == "ready") != was_ready:
            return None
        if self.when != "any" and (self.when == "running") != (exit_code is None):
            return None
        if self.code is not None and self.code != exit_code:
            return None
        return re.search(self.text, log, re.MULTILINE)

    def cause(self, **words: str | None) -> Cause:
        """What it tells, with the words that its text found."""
        quoted = {name: quote(text or "") for name, text in words.items()}
        sentence, fix = self.sentence.format(**quoted).strip(), self.fix.format(**quoted)
        return Cause(self.name, sentence, fix, self.when == "running")


@dataclass(frozen=True)
class Log:
    """How the log of a kind of server is read.

    `message` takes from a line what stands before its words, of which `beginnings` tell the phase.
    `diagnose` says why the server failed, from the lines of a run, its exit code (None: it runs),
    and whether it was killed for its memory. `opens` begins a run in the log of several, `drains`
    is said by a server that was told to stop, `serves` by one that has been ready.
    """

    message: Callable[[str], str]
    beginnings: Beginnings
    diagnose: Callable[[Sequence[str], int | None, bool], Cause]
    drains: str
    opens: str = ""
    serves: str = ""

    def phase(self, line: str) -> Phase | None:
        """The phase of the start that a line begins."""
        return phase_of(self.message(line), self.beginnings)

    def runs(self, lines: Iterable[str]) -> list[list[str]]:
        """The runs of a server that was started again, which goes on with the same log: at least
        one. Of the first only its end may be there."""
        rows = list(lines)
        starts = [place for place, row in enumerate(rows) if self._opens(row)]
        places = [*sorted({0, *starts}), len(rows)]
        return [rows[start:end] for start, end in pairwise(places)]

    def classify(
        self, lines: Iterable[str], exit_code: int | None, oom_killed: bool = False
    ) -> Cause:
        """Why the server failed, or what ails one that runs (exit_code None), by its last run."""
        return self.diagnose(self.runs(lines)[-1], exit_code, oom_killed)

    def classify_before(self, lines: Iterable[str]) -> Cause | None:
        """Why the run before the last one failed, whose exit code nobody knows any more; None where
        the log has only one, or that one was stopped."""
        *_, before, _ = [[], *self.runs(lines)]
        if not before:
            return None
        cause = self.diagnose(before, EXITED, False)
        # What stands before the first run may be its own first words: they tell of no failure.
        without = ("stopped",) if self._opens(before[0]) else ("stopped", "unknown")
        return None if cause.name in without else cause

    def was_ready(self, lines: Iterable[str]) -> bool:
        """Tell whether a run has come to the end of its start, or has answered where that is too
        long ago to be seen."""
        return any(
            self.phase(line) == "ready" or _begins(self.serves, self.message(line))
            for line in lines
        )

    def is_draining(self, lines: Iterable[str]) -> bool:
        """Tell whether a run was told to end: it finishes its answers and takes no question."""
        return any(_begins(self.drains, self.message(line)) for line in lines)

    def _opens(self, line: str) -> bool:
        return _begins(self.opens, self.message(line))


def phase_of(message: str, beginnings: Beginnings) -> Phase | None:
    """The phase of the start that a message begins."""
    return next((phase for start, phase in beginnings if message.startswith(start)), None)


def quote(text: str) -> str:
    """What a log says, in one line of bounded length and without secrets."""
    return redact(" ".join(text.split()))[:LONGEST_QUOTE]


def _begins(pattern: str, message: str) -> bool:
    return bool(pattern) and re.match(pattern, message) is not None
