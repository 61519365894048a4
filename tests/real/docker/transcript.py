"""A transcript on stdout of commands and what they said, with a table of its steps at the end."""

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

COMMAND_SECONDS = 600


class StepError(Exception):
    """A step that did not do what it must; the text says what was wrong."""


@dataclass
class Transcript:
    """Runs the commands of one person, in one folder."""

    folder: Path
    env: Mapping[str, str]
    rows: list[tuple[str, float, str]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is done in the block, and note whether it went well."""
        self.say(f"\n=== {name}")
        begun, outcome = time.monotonic(), "failed"
        try:
            yield
            outcome = "ok"
        except StepError as error:
            self.say(f"FAILED: {error}")
            raise
        finally:
            self.rows.append((name, time.monotonic() - begun, outcome))

    def opsctl(self, *args: str, says: Sequence[str] = (), code: int = 0) -> str:
        """Run `opsctl args`, which must end with a code and say each of some texts; its output."""
        program = (sys.executable, "-m", "opsctl")
        return self.run("opsctl", *args, program=program, says=says, code=code)

    def run(
        self,
        name: str,
        *args: str,
        program: Sequence[str] = (),
        says: Sequence[str] = (),
        code: int = 0,
    ) -> str:
        """The same for another program; its name is what is shown."""
        self.say("$ " + " ".join([name, *(f'"{arg}"' if " " in arg else arg for arg in args)]))
        begun, lines = time.monotonic(), []
        with subprocess.Popen(
            [*(program or (name,)), *args],
            cwd=self.folder, env=self.env, text=True, encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            assert process.stdout
            limit = threading.Timer(COMMAND_SECONDS, process.kill)
            limit.start()
            for line in process.stdout:
                lines.append(line)
                self.say(f"  {line.rstrip()}")
            process.wait()
            limit.cancel()
        seconds = time.monotonic() - begun
        self.say(f"  [exit code {process.returncode}, {seconds:.1f} s]")
        need(process.returncode == code, f"{name} {args[0]} did not end with {code}")
        said = "".join(lines)
        for text in says:
            need(text in said, f"{name} {args[0]} did not say {text!r}")
        return said

    def quote(self, who: str, text: str) -> None:
        """Show a message of a chat."""
        self.say(textwrap.indent(text, " " * 10).replace(" " * 10, f"{who:>8}  ", 1))

    def say(self, text: str) -> None:
        """Write a line."""
        print(text, flush=True)

    def table(self) -> str:
        """The steps with their seconds."""
        width = max(len(name) for name, _, _ in self.rows)
        total = sum(seconds for _, seconds, _ in self.rows)
        rows = [*self.rows, ("in all", total, "")]
        return "\n".join(f"{n:{width}}  {s:5.1f} s  {what}".rstrip() for n, s, what in rows)


def need(true: object, otherwise: str) -> None:
    """Raise StepError unless it is so."""
    if not true:
        raise StepError(otherwise)
