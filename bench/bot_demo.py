"""The bot from end to end, as people see it in their chats: python bench/bot_demo.py.

opsctl indexes documents/sample and starts the real bot, which talks to a fake Bot API over HTTP.
First with `opsctl start`, which runs localtgi on a tiny real Mistral with an adapter: its weights
are random, so its answers are, but they come by the way that real ones come. Then without a model:
OPSCTL_ENGINE=extractive opsctl start --server none --foreground.

With --ask FOLDER a transcript in place of that: the first questions of its checks.jsonl (see
bench/answers.py), asked by `opsctl ask` and in a chat, over the documents of their case.
"""

import argparse
import asyncio
import json
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.bot.bot_process import ORPHANS
from tests.fakes.bot_api import FakeBotAPI
from tests.gpu_server import free_port
from tests.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "documents" / "sample"
ADMIN, RUSSIAN, ENGLISH, STRANGER = 1, 7, 8, 66
NAMES = {ADMIN: "admin", RUSSIAN: "Anna", ENGLISH: "Ben", STRANGER: "stranger"}
LANGUAGES = {ADMIN: "en", RUSSIAN: "ru", ENGLISH: "en", STRANGER: "en"}
QUESTION_RU = "При какой толщине морского льда можно выпускать снегоход?"
QUESTION_EN = "How high can the waves get before deck work is stopped?"
TGI_ENV = """MODEL_ID={tiny}/model
LORA_ADAPTERS=loud={tiny}/adapters/loud
MAX_INPUT_TOKENS=3072
MAX_TOTAL_TOKENS=4096
MAX_CONCURRENT_REQUESTS=16
"""
WIDTH = 96


@dataclass
class Scene:
    """The chats, and the terminal of whoever runs the bot."""

    api: FakeBotAPI
    workspace: Workspace
    presses: list[tuple[int, int, str]] = field(default_factory=list)  # chat, after which message

    async def opsctl(self, *args: str) -> str:
        """Run a command and print what it said."""
        done = await asyncio.to_thread(self.workspace.run, *args)
        print(f"$ opsctl {shlex.join(args)}")
        print(textwrap.indent((done.stdout + done.stderr).rstrip(), "  "), flush=True)
        return done.stdout

    async def write(self, user: int, text: str) -> str:
        """Let a person write, and wait for the whole reply."""
        before = len(self.replies(user))
        self.api.user(user, text, language=LANGUAGES[user])
        await self.api.until(lambda: len(self.replies(user)) > before, 120)
        return str(self.replies(user)[-1]["text"])

    async def press(self, user: int, action: str) -> None:
        """Let a person press a button under the last answer, and wait for the notice above it."""
        last = next(m for m in reversed(self.replies(user)) if f"{action}:" in str(m))
        keys = [key for row in last["reply_markup"]["inline_keyboard"] for key in row]
        key = next(key for key in keys if key["callback_data"].startswith(action))
        after = max(m["message_id"] for m in self.api.messages(user))
        ends = self.api.count("answerCallbackQuery")
        pressed = {"message": last["message_id"], "data": key["callback_data"]}
        self.api.user(user, kind="callback", language=LANGUAGES[user], **pressed)
        await self.api.until(lambda: self.notices()[ends:], 60)
        notice = self.notices()[ends]
        self.presses.append((user, after, f"[{key['text']}] → {notice or '(no notice)'}"))

    def notices(self) -> list[str]:
        """What was shown above chats after buttons were pressed."""
        calls = [call for call in self.api.calls if call["method"] == "answerCallbackQuery"]
        return [call["args"].get("text", "") for call in calls if call["status"] == 200]

    def replies(self, chat: int) -> list[dict[str, Any]]:
        """The bot's messages in a chat that are not being written."""
        return [
            message
            for message in self.api.messages(chat)
            if message["from"]["is_bot"]
            and not message["text"].startswith(ORPHANS)
            and "stop:" not in str(message.get("reply_markup"))
        ]


def show_chat(scene: Scene, chat: int) -> None:
    """Print a chat from top to bottom, each message as it reads in the end."""
    print(f"\n--- the chat of {NAMES[chat]} ({chat}) ---")
    entries: list[tuple[float, Any]] = [(m["message_id"], m) for m in scene.api.messages(chat)]
    entries += [(after + 0.5, text) for user, after, text in scene.presses if user == chat]
    for _, entry in sorted(entries, key=lambda pair: pair[0]):
        if isinstance(entry, str):
            show_lines(NAMES[chat], [f"presses {entry}"])
            continue
        who = "bot" if entry["from"]["is_bot"] else NAMES[chat]
        show_lines(who, quoted(entry))
        edits = sum(one["event"] == "edited" for one in entry["history"])
        keys = [
            " ".join(f"[{key['text']}]" for key in row)
            for row in (entry.get("reply_markup") or {}).get("inline_keyboard", [])
        ]
        if edits:
            keys.append(f"(edited {edits} times)" if edits > 1 else "(edited once)")
        if keys:
            show_lines("", ["  ".join(keys)])


def quoted(message: dict[str, Any]) -> list[str]:
    """The lines of a message, with a bar before those of a quote."""
    units = message["text"].encode("utf-16-le")
    text, bars = message["text"], set()
    for entity in message.get("entities") or []:
        if entity["type"].endswith("blockquote"):
            ends = (entity["offset"], entity["offset"] + entity["length"])
            start, stop = (len(units[: 2 * end].decode("utf-16-le")) for end in ends)
            bars |= set(range(start, stop))
    lines, at = [], 0
    for line in text.split("\n"):
        lines.append(f"┃ {line}" if at in bars else line)
        at += len(line) + 1
    return lines


def show_lines(who: str, lines: list[str]) -> None:
    """Print lines behind the name of who says them."""
    for number, line in enumerate(lines):
        wrapped = textwrap.wrap(line, WIDTH, subsequent_indent="┃ " if line[:1] == "┃" else "")
        for part_number, part in enumerate(wrapped or [""]):
            name = who if not number + part_number else ""
            print(f"{name:>9}  {part}".rstrip())
    sys.stdout.flush()


@asynccontextmanager
async def stage(root: Path, tiny: Path | None, documents: Path = SAMPLE) -> AsyncIterator[Scene]:
    """The documents with their index, a token, and a Bot API; with a model, its settings too."""
    workspace = Workspace(root)
    shutil.copytree(documents, workspace.documents / documents.name)
    (root / "deploy").mkdir()
    if tiny:
        (root / "deploy" / "tgi.env").write_text(TGI_ENV.format(tiny=tiny))
        workspace.env["OPSCTL_SERVER_URL"] = f"http://127.0.0.1:{free_port()}"
    async with FakeBotAPI() as api:
        (root / "telegram_token.txt").write_text(api.token)
        workspace.env |= {
            "OPSCTL_TELEGRAM_API_URL": api.url,
            "OPSCTL_ALLOWED_USERS": f"{RUSSIAN},{ENGLISH}",
            "OPSCTL_ADMINS": str(ADMIN),
            "OPSCTL_HEALTH_PORT": str(free_port()),
            "OPSCTL_ANSWER_TOKENS": "200",
            "OMP_NUM_THREADS": "1",
        }
        yield Scene(api, workspace)


async def play(scene: Scene) -> None:
    """Everybody has their say; the chats are printed after that."""
    await scene.write(RUSSIAN, "/start")
    await scene.write(RUSSIAN, QUESTION_RU)
    await scene.press(RUSSIAN, "like")
    await scene.write(RUSSIAN, "/sources")
    await scene.write(RUSSIAN, "/new")
    await scene.write(ENGLISH, QUESTION_EN)
    before = len(scene.replies(ENGLISH))
    await scene.press(ENGLISH, "sources")
    await scene.api.until(lambda: len(scene.replies(ENGLISH)) > before)
    await scene.write(ADMIN, "/status")
    scene.api.user(STRANGER, QUESTION_EN, language=LANGUAGES[STRANGER])
    told = await scene.write(STRANGER, "/start")
    code = next(word for word in told.split() if word.isdigit() and len(word) == 6)
    await scene.opsctl("users", "approve", code)
    await scene.opsctl("users", "list")
    await scene.write(STRANGER, QUESTION_EN)
    await scene.opsctl("status")
    for chat in NAMES:
        show_chat(scene, chat)


async def with_model(root: Path, tiny: Path) -> None:
    """opsctl start brings up localtgi and the bot in the background."""
    print("\n=== with a model: localtgi, a tiny Mistral and its adapter ===")
    async with stage(root, tiny) as scene:
        await scene.opsctl("reindex")
        await scene.opsctl("start")
        try:
            await play(scene)
        finally:
            await scene.opsctl("stop")


async def without_model(
    root: Path, play: Callable[[Scene], Awaitable[None]] = play, documents: Path = SAMPLE
) -> None:
    """The bot in the foreground, as in a container."""
    print("\n=== without a model: quotations ===")
    async with stage(root, None, documents) as scene:
        scene.workspace.env["OPSCTL_ENGINE"] = "extractive"
        await scene.opsctl("reindex")
        command = ("start", "--server", "none", "--foreground")
        print(f"$ OPSCTL_ENGINE=extractive opsctl {' '.join(command)}")
        with scene.workspace.start(*command, env={"OPSCTL_QUESTIONS_PER_MINUTE": "0"}) as process:
            try:
                await play(scene)
            finally:
                process.terminate()
                _, said = await asyncio.to_thread(process.communicate)
        print(f"\nSIGTERM: exit code {process.returncode}; its log was")
        print(textwrap.indent(said.rstrip(), "  "))


def transcript(folder: Path, first: int) -> None:
    """The first questions of a folder's checks, over the documents of their cases."""
    lines = (folder / "checks.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in filter(str.strip, lines)][:first]
    for case in dict.fromkeys(row["case"] for row in rows):
        questions = [row["question"] for row in rows if row["case"] == case]
        with TemporaryDirectory(prefix="bot-demo-") as name:
            ask = partial(ask_all, questions=questions)
            asyncio.run(without_model(Path(name) / "home", ask, folder / case))


async def ask_all(scene: Scene, questions: Sequence[str]) -> None:
    """Each question in the terminal, then all of them in a chat, each a conversation of its own."""
    for question in questions:
        await scene.opsctl("ask", question)
    for question in questions:
        await scene.write(RUSSIAN, question)
        await scene.write(RUSSIAN, "/new")
    show_chat(scene, RUSSIAN)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ask", type=Path, metavar="FOLDER")
    parser.add_argument("--first", type=int, default=20, metavar="N", help="so many (20)")
    args = parser.parse_args()
    if args.ask:
        transcript(args.ask, args.first)
        return
    if not SAMPLE.is_dir():
        sys.exit(
            "error: the documents it asks about are gone\nhint: git checkout -- documents/sample"
        )
    with TemporaryDirectory(prefix="bot-demo-") as name:
        tiny = Path(name) / "tiny"
        print("making a tiny Mistral", file=sys.stderr)
        make = [sys.executable, str(ROOT / "tests" / "make_tiny_mistral.py"), str(tiny)]
        subprocess.run(make, check=True, stdout=sys.stderr)
        parts: tuple[tuple[str, Callable[[Path], Any]], ...] = (
            ("model", lambda root: with_model(root, tiny)),
            ("quotes", without_model),
        )
        for part, show in parts:
            (Path(name) / part).mkdir()
            asyncio.run(show(Path(name) / part))


if __name__ == "__main__":
    main()
