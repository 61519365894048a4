"""People who question the real bot process over the fake Bot API, and what became of that."""

import asyncio
import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from bench import measure
from bench.table import align
from indexer.embedders import HashedStems
from indexer.sync.reindex import Chunking, reindex
from tests.bot.bot_process import ORPHANS, BotProcess
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_model import Writer
from tests.workspace import note, question

ROOT = Path(__file__).resolve().parent.parent
NOTES = 30
ADAPTER = "hackatone"
MEGABYTE = 2**20


@dataclass(frozen=True)
class Asked:
    """A question: who asked, the number of the message, its text and when (time.monotonic)."""

    user: int
    message: int
    text: str
    at: float
    note: int


@dataclass
class People:
    """Everybody who asks, and the questions so far."""

    api: FakeBotAPI
    asked: list[Asked] = field(default_factory=list)

    def ask(self, user: int) -> Asked:
        """Let a person ask about one of the notes; no two questions read the same."""
        number = len(self.asked)
        about = number % NOTES + 1
        text = f"{question(about)} ({number})"
        message = self.api.user(user, text)["message_id"]
        self.asked.append(Asked(user, message, text, time.monotonic(), about))
        return self.asked[-1]

    def finals(self, asked: Asked) -> list[dict[str, Any]]:
        """The finished answers to a question: at best one."""
        return [
            message
            for message in self.api.messages(asked.user)
            if is_final(message) and message["reply_to_message"]["message_id"] == asked.message
        ]

    def waiting(self, user: int) -> int:
        """How many of the person's questions have no answer yet."""
        return sum(not self.finals(one) for one in self.asked if one.user == user)

    def somebody_waits(self) -> bool:
        """True while a question has no answer yet."""
        return any(not self.finals(one) for one in self.asked)

    def seconds(self, asked: Asked) -> float:
        """From the question to its finished answer, which must be there."""
        history = self.finals(asked)[0]["history"]
        return float(next(entry["at"] for entry in history if is_final(entry)) - asked.at)

    def orphans(self) -> int:
        """Placeholders that never became an answer."""
        users = {one.user for one in self.asked}
        bots = (m for user in users for m in self.api.messages(user) if m["from"]["is_bot"])
        return sum(m["text"].startswith(ORPHANS) and not m["deleted"] for m in bots)

    async def answered(self, seconds: float, pause: float = 0.2) -> bool:
        """Wait until every question is answered, so long at the most; tell whether it is so."""
        end, left = time.monotonic() + seconds, list(self.asked)
        while left and time.monotonic() < end:
            await asyncio.sleep(pause)
            left = [one for one in left if not self.finals(one)]
        return not left


@dataclass(frozen=True)
class Tally:
    """What became of the questions: a lost one has no final answer, a doubled one more than one."""

    questions: int
    by_model: int
    quoted: int
    failed: int
    lost: int
    doubled: int
    broken: int

    @property
    def clean(self) -> bool:
        """True where each question has one whole answer."""
        return not (self.lost or self.doubled or self.broken)

    def rows(self) -> list[Sequence[str]]:
        """For the table."""
        return [
            ("questions", str(self.questions)),
            ("one final answer", str(self.questions - self.lost - self.doubled)),
            ("  by the model, compared with what it wrote", str(self.by_model)),
            ("  quotations, labelled (server away, or it wrote nothing)", str(self.quoted)),
            ("  an apology with a retry button", str(self.failed)),
            ("lost", str(self.lost)),
            ("doubled", str(self.doubled)),
            ("not whole", str(self.broken)),
        ]


def tally(people: People, tgi: FakeTGI | None = None) -> Tally:
    """Look at every question."""
    kinds = dict.fromkeys(("model", "quoted", "failed", "lost", "doubled", "broken"), 0)
    for asked in people.asked:
        found = people.finals(asked)
        kind = "lost" if not found else "doubled" if len(found) > 1 else _kind(found[0], asked, tgi)
        kinds[kind] += 1
    return Tally(
        len(people.asked), kinds["model"], kinds["quoted"], kinds["failed"], kinds["lost"],
        kinds["doubled"], kinds["broken"],
    )  # fmt: skip


def _kind(message: dict[str, Any], asked: Asked, tgi: FakeTGI | None) -> str:
    """Who wrote an answer; "broken" for one that is not whole."""
    if "like:" not in json.dumps(message["reply_markup"]):
        return "failed"
    if message["text"].startswith("📄"):
        return "quoted" if note(asked.note).partition("\n")[0] in message["text"] else "broken"
    return "model" if any(text in message["text"] for text in written(tgi, asked)) else "broken"


def written(tgi: FakeTGI | None, asked: Asked) -> Iterator[str]:
    """What the fake model wrote to its end for a question: its text follows from the prompt."""
    for seen in tgi.log.requests if tgi else ():
        inputs = seen.body.get("inputs", "")
        if tgi and seen.finished and inputs.endswith(f"\n{asked.text} [/INST]"):
            most = seen.body["parameters"]["max_new_tokens"]
            tokens = Writer(inputs, tgi.play.effective(seen.adapter)).tokens()
            texts = (token.text for token, _ in zip(tokens, range(most), strict=False))
            yield "".join(texts).removesuffix("</s>").strip()


def is_final(message: dict[str, Any]) -> bool:
    """True for a message, or an entry of its history, under which stand an answer's buttons."""
    return "retry:" in json.dumps(message.get("reply_markup") or {})


@contextmanager
def notes() -> Iterator[tuple[Path, Path]]:
    """An empty folder for one bot, and a state folder with a real index of the notes."""
    with TemporaryDirectory(prefix="bot-bench-") as name:
        state = Path(name) / "state"
        documents = state / "documents"
        documents.mkdir(parents=True)
        for number in range(1, NOTES + 1):
            (documents / f"note{number}.txt").write_text(note(number), encoding="utf-8")
        reindex(documents, state / "index", HashedStems(), Chunking())
        folder = Path(name) / "bot"
        folder.mkdir()
        yield folder, state


def keep(folder: Path) -> None:
    """Copy the bot's log and its file to var/bench/bot, to see what went wrong."""
    kept = ROOT / "var" / "bench" / "bot"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept)
    print(f"the bot's log and file: {kept}", file=sys.stderr)


def served(tgi: FakeTGI) -> dict[str, object]:
    """The settings of a bot that answers by this server, and by quotations while it is away."""
    return {"engine": "auto", "server_url": tgi.url, "adapter": ADAPTER}


async def resident(bot: BotProcess) -> float:
    """The memory of the bot's process in MB."""
    return float(psutil.Process((await bot.health())["pid"]).memory_info().rss) / MEGABYTE


async def until(happened: Callable[[], object], seconds: float) -> float | None:
    """The seconds until it is so, looked at ten times a second; None if it takes longer."""
    begun = time.monotonic()
    while not happened():
        if time.monotonic() - begun > seconds:
            return None
        await asyncio.sleep(0.1)
    return time.monotonic() - begun


def spread(times: Sequence[float]) -> str:
    """Median and most, in seconds."""
    return f"{statistics.median(times):.1f} / {max(times):.1f}" if times else "-"


def percentile(times: Sequence[float], share: float) -> str:
    """The time that this share of all stays below, in seconds."""
    return f"{sorted(times)[min(len(times) - 1, int(share * len(times)))]:.1f}" if times else "-"


def show(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Print a table under its title, and the machine that it was measured on."""
    print(f"\n{title}\n{align(rows)}\n{measure.machine()}", flush=True)
