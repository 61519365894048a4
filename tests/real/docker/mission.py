"""What a user does with opsctl, from setup to stop, on a real Docker engine.

`make mission` writes a transcript; the exit code is 0 if every step did what it must. Real are the
commands, Docker, the container, a sentence-transformers model and the index; stand-ins are the
server in the container, the Hub, the Bot API and the GPU.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.settings import Settings
from opsctl.server.address import get
from tests.fakes import hub_files
from tests.fakes.bot_api import TOKEN
from tests.fakes.hub import FakeHub
from tests.gpu_server import GPUServer
from tests.opsctl.telegram import USER, Telegram, eventually
from tests.real import box
from tests.real.docker import engine, image
from tests.real.docker.engine import Engine
from tests.real.docker.transcript import COMMAND_SECONDS, StepError, Transcript, need
from tests.real.parts import MissingPartError
from tests.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]
ADDED = "маяк.txt"
# A passage is cited for the words that it shares with the answer: here those that the stand-in
# server writes.
TEXT = """Маяк на мысе Долгом

Смотрителем маяка на мысе Долгом служит Савва Ильич Поморцев. Ключ от фонарной комнаты висит в
сторожке за печью. Смена несёт вахту до рассвета: заносит в журнал ветер, море и лёд, отмечает на
карте каждый корабль, проверяет прибор, насос и кабель. Станция видна на север от маяка.
"""
QUESTION = "Где висит ключ от фонарной комнаты маяка?"
ASKED_IN_TELEGRAM = "Кто служит смотрителем маяка на мысе Долгом?"
ENV = """OPSCTL_HF_ENDPOINT={hub}
OPSCTL_TELEGRAM_API_URL={api}
OPSCTL_TELEGRAM_TOKEN={token}
OPSCTL_ALLOWED_USERS={user}
"""


def play(root: Path, docker: Engine) -> int:
    """Play the mission in an empty folder on a running engine; return the exit code."""
    transcript = Transcript(root, _machine(root, docker))
    try:
        with _hub(transcript) as hub, telegram(root) as person:
            _write_checkout(root, hub, person)
            Mission(transcript, docker, person).run()
    except StepError:
        return 1
    finally:
        transcript.say(f"\n{transcript.table()}")
    return 0


@dataclass(frozen=True)
class Mission:
    """The steps, in their order."""

    transcript: Transcript
    docker: Engine
    telegram: Telegram

    def run(self) -> None:
        """Raise StepError at the first step that goes wrong."""
        for step in (
            self.setup, self.vram, self.start, self.verify, self.status,
            self.add_a_file, self.ask, self.ask_in_telegram, self.faiss,
            self.kill, self.restart_of_docker, self.stop,
        ):  # fmt: skip
            with self.transcript.step(step.__name__.replace("_", " ")):
                step()

    def setup(self) -> None:
        says = ("ok       docker", "ok       toolkit", "ok       gpu", "next: opsctl start")
        self.transcript.opsctl("setup", "--yes", says=says)

    def vram(self) -> None:
        self.transcript.opsctl("vram", says=("it fits",))

    def start(self) -> None:
        says = ("the adapter hackatone is applied", "the bot is running")
        self.transcript.opsctl("start", says=says)
        need(len(self.docker.containers()) == 1, "there is not one container")
        self.transcript.run("docker", "ps", says=("opsctl-tgi", "127.0.0.1:8080->80/tcp"))

    def verify(self) -> None:
        said = self.transcript.opsctl("verify", says=("ok       differs", "ok       decoding"))
        need("failed" not in said, "a part of the proof failed")

    def status(self) -> None:
        self.transcript.opsctl("status", says=("server: ready, TGI", "bot: running", "index: "))

    def add_a_file(self) -> None:
        path = self.transcript.folder / "documents" / ADDED
        path.write_text(TEXT, encoding="utf-8")
        self.transcript.run("cat", f"documents/{ADDED}")
        self.transcript.opsctl("reindex", says=("1 ",))

    def ask(self) -> None:
        self.transcript.opsctl("ask", QUESTION, says=(ADDED, "[модель hackatone]"))

    def ask_in_telegram(self) -> None:
        self.telegram.write(ASKED_IN_TELEGRAM)
        self.transcript.quote("Anna", ASKED_IN_TELEGRAM)
        try:
            eventually(lambda: ADDED in "\n".join(self.telegram.replies()), COMMAND_SECONDS)
        except AssertionError:
            self.transcript.opsctl("logs", "bot")
            raise StepError(f"the bot does not name {ADDED}") from None
        finally:
            self.transcript.quote("the bot", "\n".join(self.telegram.replies()))

    def faiss(self) -> None:
        files = sorted(self.transcript.folder.glob("var/index/*/vectors.faiss"))
        need(len(files) == 1, f"there is not one vectors.faiss but {len(files)}")
        name = str(files[0].relative_to(self.transcript.folder))
        self.transcript.run("ls", "-l", name)
        need(files[0].stat().st_size > 0, "it is empty")

    def kill(self) -> None:
        """Docker brings a server back that somebody has killed."""
        container = self.docker.containers()[0]
        pid = self.docker.docker("inspect", "--format", "{{.State.Pid}}", container)
        self.transcript.run("kill", "-9", pid)
        self._wait_for_the_server()
        self.transcript.opsctl("status", says=("server: ready, TGI", "started again 1 time"))
        self.transcript.opsctl("verify", says=("ok       differs",))

    def restart_of_docker(self) -> None:
        """As after a reboot: what ran before runs again, and is the same."""
        before = self.docker.containers()
        self.docker.stop()
        says = ("server: unknown, TGI", "the Docker engine is not running")
        self.transcript.opsctl("status", says=says, code=3)
        self.docker.start()
        need(self.docker.containers() == before, "the container is another one")
        self._wait_for_the_server()
        says = ("already running", "the adapter hackatone is applied")
        self.transcript.opsctl("start", says=says)
        self.transcript.opsctl("status", says=("server: ready, TGI", "hackatone applied"))

    def _wait_for_the_server(self) -> None:
        """Wait until it takes questions, which Docker's port before it does not."""

        def takes() -> bool:
            try:
                return get(Settings.server_url, "/health", 1)[0] == 200
            except OSError:
                return False

        eventually(takes, COMMAND_SECONDS)

    def stop(self) -> None:
        self.transcript.opsctl("stop", says=("stopped",))
        self.transcript.run("docker", "ps", "--all")
        need(not self.docker.containers(), "a container is left")
        need(not self.telegram.processes(), "a process of the bot is left")


def _write_checkout(root: Path, hub: FakeHub, telegram: Telegram) -> None:
    """What a user has before setup: the checkout, and the settings of this machine."""
    for name in ("documents", "deploy"):
        shutil.copytree(ROOT / name, root / name)
    env = ENV.format(hub=hub.url, api=f"{telegram.url}/bot", token=TOKEN, user=USER)
    (root / ".env").write_text(env)


def _machine(root: Path, docker: Engine) -> dict[str, str]:
    """The environment: Docker's client, and a GPU by a stand-in for nvidia-smi."""
    programs = root / "bin"
    programs.mkdir()
    env = {
        **docker.env,
        "PATH": f"{programs}:{docker.env['PATH']}",
        "HOME": str(root / "home"),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",  # so that stdout and stderr stay in order
    }
    GPUServer(Workspace(root), 8080).gpu_memory()
    return env


@contextmanager
def _hub(transcript: Transcript) -> Iterator[FakeHub]:
    """The stand-in Hub; its embedder is a tiny real one."""
    with FakeHub() as hub:
        with transcript.step("a tiny embedder"):
            files = _tiny_embedder(transcript.folder / "embedder")
            hub.push_all()
            hub.push(hub_files.EMBEDDER, "main", files)
            size = sum(map(len, files.values())) // 1000
            transcript.say(f"{size} kB, on the stand-in Hub as {hub_files.EMBEDDER}")
        yield hub


def _tiny_embedder(folder: Path) -> hub_files.Files:
    """The files of a sentence-transformers model that knows the words of the documents."""
    texts = [path.read_text() for path in sorted((ROOT / "documents").rglob("*.md"))]
    script = ROOT / "tests" / "make_tiny_model.py"
    subprocess.run(
        [sys.executable, str(script), str(folder)],
        input="\n".join([*texts, TEXT]), text=True, check=True, capture_output=True,
    )  # fmt: skip
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@contextmanager
def telegram(root: Path) -> Iterator[Telegram]:
    """The stand-in Bot API."""
    argv = [sys.executable, "-m", "tests.fakes.bot_api"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip().removesuffix("/bot")
        try:
            yield Telegram(url, Workspace(root))
        finally:
            process.kill()  # it would wait for a bot that still polls


def main() -> int:
    """Enter a box, start an engine there, and play."""
    if not box.is_inside():
        try:
            argv = [sys.executable, "-m", "tests.real.docker.mission"]
            return box.run_inside(argv, engine.ENGINE)
        except MissingPartError as missing:
            print(f"error: no mission here: {missing}", file=sys.stderr)
            return 1
    begun = time.monotonic()
    with engine.running() as docker, tempfile.TemporaryDirectory(prefix="mission-") as root:
        image.make(docker, Settings.image)
        print(f"a Docker engine with TGI's image, after {time.monotonic() - begun:.1f} s")
        return play(Path(root), docker)


if __name__ == "__main__":
    sys.exit(main())
