r"""Thirty one-line defects over all rooms, and whether the tests notice each: a test of the tests.

    python tests/defects.py [NAME...]     all of them, or these; --list only checks their texts

Each defect is made in a copy of the checkout's tracked files, and the test files named with it are
run there. They have to pass in a copy without a defect first, once for each choice of files; then
one that fails, or hangs, has caught it. Exit code 1 when a defect is missed, or when one is broken:
its text does not stand in its file exactly once, or its tests are red without it.

The copy has a virtual environment of its own, whose .pth names the copy first and then the folders
of packages of this Python. They stand there as plain folders, so that an editable installation in
one of them has no say. Tests start programs with sys.executable, which is the copy's Python: in
whatever folder and with whatever environment, these import the copy. That is asked of it each time.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 300  # that tests have at the least; those that took longer when sound have twice that
MOST = 1200  # and that sound ones have
WHERE = "import sys, importlib.util as u; print(*(u.find_spec(n).origin for n in sys.argv[1:]))"
PACKAGES = ("assistant", "bot", "core", "indexer", "localtgi", "opsctl", "tests", "training")

# A name and its test files; the file; the text that stands there once; what takes its place.
TABLE = r"""
word-page-is-counted-twice tests/indexer/test_readers_docx.py
indexer/readers/word/runs.py
-return "" if self._rendered else "\f"
+return "\f"

unfinished-rebuild-is-deleted tests/indexer/test_kill.py
indexer/store/folder.py
-for folder in stores - {building, self.store_path("current")}:
+for folder in stores - {self.store_path("current")}:

locked-folder-empties-the-index tests/indexer/test_reindex_rights.py
indexer/sync/plan.py
-return not any(path.startswith(f"{folder}/") for folder in listing.closed)
+return path not in listing.closed

two-write-the-index-at-once tests/indexer/test_kill.py
core/lock.py
-raise Busy(sentence.format(holder=_holder(path)), hint) from None
+pass

search-goes-on-with-the-old-index tests/indexer/test_search.py
indexer/search/searcher.py
-if generation != self._generation:
+if self._generation < 0:

empty-answer-is-an-answer tests/assistant/test_engines.py
assistant/engines.py
-raise _nothing(draft, piece)
+return

document-gives-orders-to-the-model tests/assistant/test_prompt.py
assistant/prompt.py
-said = _data(_without_furniture(hit))
+said = _without_furniture(hit)

newest-turns-are-left-out tests/assistant/test_budget.py
assistant/budget.py
-self.hits[:kept], self.turns[gone:])
+self.hits[:kept], self.turns[: max(0, len(self.turns) - gone)])

place-at-the-server-is-never-free-again tests/assistant/test_server_retries.py
assistant/server/client.py
-places.give()
+pass

channel-that-writes-is-let-in tests/bot/test_access.py
bot/gate/gate.py
-anonymous = sender is not None and sender.id == chat.id and chat.type in KINDS
+anonymous = sender is not None and chat.type in KINDS

crash-loses-replies tests/bot/test_store.py
bot/inbox/inbox.py
-self._store.dealt_with([number for number, effect in effects if not effect.follow_ups])
+self._store.dealt_with([number for number, _ in effects])

person-is-answered-twice-at-once tests/bot/test_queue.py
bot/questions/answers.py
-+ " AND user NOT IN (SELECT value FROM json_each(?2))"
++ " AND ?2 = ?2"

finished-answer-is-overwritten tests/bot/test_queue.py
bot/questions/answers.py
-" WHERE id = ? AND state = 'waiting'",
+" WHERE id = ?",

message-is-sent-twice tests/bot/test_sending.py
bot/telegram/sending.py
-self._formatted(write, entities, retry.once)
+self._formatted(write, entities, retry.again)

edits-are-faster-than-telegram-allows tests/bot/test_limits.py
bot/telegram/limits.py
-WRITING = ("send", "edit", "copy", "forward", "stop")
+WRITING = ("send", "copy", "forward", "stop")

emoji-make-a-message-too-long tests/bot/test_parts.py tests/bot/test_formatting.py
bot/messages/parts.py
-accumulate(2 if char > "\uffff" else 1 for char in text)
+accumulate(1 for char in text)

upload-of-any-size-is-taken tests/bot/test_uploads_bad.py
bot/uploads/files.py
-if self._size > MOST:
+if self._size > 10 * MOST:

end-of-a-secret-is-shown tests/opsctl/test_redact.py
core/secrets.py
-key=len, reverse=True)
+key=len)

every-error-is-exit-code-1 tests/opsctl/test_ask.py
opsctl/cli.py
-sys.exit(error.exit_code)
+sys.exit(1)

everybody-reads-the-token tests/opsctl/test_setup.py
opsctl/machine/env_file.py
-with whole_file(path, SECRET) as draft:
+with whole_file(path) as draft:

server-is-open-to-the-network tests/opsctl/test_start.py
opsctl/docker/command.py
-f"127.0.0.1:{port[0]}:{port[1]}"
+f"0.0.0.0:{port[0]}:{port[1]}"

least-memory-is-rounded-down tests/opsctl/test_vram.py
opsctl/machine/vram.py
-return -(-limits.prefill // limits.max_input) * limits.max_total
+return limits.prefill // limits.max_input * limits.max_total

file-with-a-wrong-hash-is-taken tests/opsctl/test_download_failures.py
opsctl/hub/stage.py
-if not file.is_at(target):
+if not target.is_file():

crash-loop-does-not-slow-down tests/opsctl/test_supervisor.py
opsctl/keeper/supervisor.py
-failures += 1
+pass

last-token-is-refused tests/localtgi/test_lengths.py
localtgi/server/requests.py
-if len(prompt) + new > total:
+if len(prompt) + new >= total:

server-admits-one-too-many tests/localtgi/test_queue.py
localtgi/server/service.py
-if self._admitted >= self.limits.max_concurrent_requests:
+if self._admitted > self.limits.max_concurrent_requests:

question-is-in-both-halves tests/training/test_rules.py
training/data/split.py
-{normal(question)}".encode()
+{question}".encode()

run-goes-on-from-half-a-checkpoint tests/training/test_run.py
training/run/checkpoints.py
-(folder / name).is_file() and (folder / name).stat().st_size == size
+(folder / name).is_file()

adapters-share-a-cache tests/deploy/test_tgi_env.py
deploy/tgi.env
-PREFIX_CACHING=0
+PREFIX_CACHING=1

base-model-gets-an-adapter tests/deploy/test_tgi_shim.py
deploy/tgi_shim/sitecustomize.py
-places.get(number, -1)
+places.get(number, 0)
"""


Verdict = tuple[str, str, float]  # a word, what there is to say about it, seconds


class Defect(NamedTuple):
    """What is made wrong, and which tests are to notice."""

    name: str
    tests: tuple[str, ...]
    file: str
    before: str
    after: str

    def stands_once(self, root: Path) -> bool:
        """Whether it can be made in this checkout."""
        path = root / self.file
        return path.is_file() and path.read_text("utf-8").count(self.before) == 1

    def make(self, root: Path) -> None:
        """Change the line."""
        path = root / self.file
        path.write_text(path.read_text("utf-8").replace(self.before, self.after), "utf-8")


class Outcome(NamedTuple):
    """What pytest said: its exit code, None for a hang, and the first test that failed."""

    code: int | None
    failed: str
    seconds: float


def defects() -> list[Defect]:
    """The table, read."""
    found = []
    for block in TABLE.strip().split("\n\n"):
        head, file, before, after = block.split("\n")
        name, *tests = head.split()
        found.append(Defect(name, tuple(tests), file, before[1:], after[1:]))
    return found


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the tracked files with a Python that imports them; nothing of it stays or runs."""
    with tempfile.TemporaryDirectory(prefix="defect-", ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "checkout"
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        _make_python(root)
        try:
            yield root
        finally:
            _end_all(folder)


def _make_python(root: Path) -> None:
    venv.create(root / ".venv", symlinks=True)
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    [site] = (root / ".venv").glob("lib/python*/site-packages")
    (site / "copy.pth").write_text("\n".join([str(root), *packages]) + "\n")
    command = [_python(root), "-c", WHERE, *PACKAGES]
    asked = subprocess.run(command, cwd="/", env={}, capture_output=True, text=True, check=True)
    if strange := [path for path in asked.stdout.split() if not Path(path).is_relative_to(root)]:
        sys.exit(f"the tests would import {strange}, which is not in the copy {root}")


def _python(root: Path) -> str:
    return str(root / ".venv" / "bin" / "python")


def _end_all(folder: str) -> None:
    """Kill what the tests left running: programs of the copy, or at work in its folders."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(folder in word for word in (*process.cmdline(), process.cwd())):
                process.kill()


def run_tests(root: Path, tests: Sequence[str], limit: float) -> Outcome:
    """Run test files in a copy, up to the first that fails."""
    command = [_python(root), "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    command.append(f"--basetemp={root.with_name('tmp')}")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    log, began, code = root.with_name("log"), time.monotonic(), None
    with log.open("wb") as said, suppress(subprocess.TimeoutExpired):
        code = subprocess.run(
            [*command, *tests], cwd=root, env=env, timeout=limit,
            stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
        ).returncode  # fmt: skip
    failed = re.search(
        r"^(?:FAILED|ERROR) (.+?)(?: - |$)", log.read_text("utf-8", "replace"), re.MULTILINE
    )
    return Outcome(code, failed[1] if failed else "", time.monotonic() - began)


def look(defect: Defect) -> Verdict:
    """Whether the defect can be made here."""
    if defect.stands_once(ROOT):
        return "there", " ".join(defect.tests), 0.0
    return "broken", f"its text does not stand once in {defect.file}", 0.0


def judge(defect: Defect, sound: dict[tuple[str, ...], Outcome]) -> Verdict:
    """Caught, MISSED or broken. `sound` are the runs without a defect so far."""
    if not defect.stands_once(ROOT):
        return look(defect)
    if defect.tests not in sound:
        with copied() as root:
            sound[defect.tests] = run_tests(root, defect.tests, MOST)
    before = sound[defect.tests]
    if before.code != 0:
        return "broken", f"not green without it: {before.failed or before.code}", before.seconds
    limit = max(SECONDS, 2 * before.seconds)
    with copied() as root:
        defect.make(root)
        code, failed, seconds = run_tests(root, defect.tests, limit)
    if code is None:
        return "caught", f"a test hangs: no end after {limit:.0f} s", seconds
    if code in (1, 2):  # 2: a test file cannot even be imported
        return "caught", failed, seconds
    if code == 0:
        return "MISSED", " ".join(defect.tests), seconds
    return "broken", f"pytest ended with {code}", seconds


def main() -> int:
    """Print a line for each defect; 1 when one is missed or broken."""
    parser = argparse.ArgumentParser(description="Do the tests catch the defects?")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of defects; all when left out")
    parser.add_argument("--list", action="store_true", help="only check that the texts stand once")
    given = parser.parse_args()
    known = {defect.name: defect for defect in defects()}
    if unknown := set(given.names) - set(known):
        parser.error(f"there is no defect {', '.join(sorted(unknown))}")
    for number in (signal.SIGTERM, signal.SIGINT):  # a copy is cleared away all the same
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    sound: dict[tuple[str, ...], Outcome] = {}
    chosen = [known[name] for name in given.names or known]
    bad = 0
    for defect in chosen:
        result, said, seconds = look(defect) if given.list else judge(defect, sound)
        bad += result in ("MISSED", "broken")
        sys.stdout.write(f"{result:6}  {seconds:5.0f} s  {defect.name:40}  {said}\n")
        sys.stdout.flush()
    clean = sum(outcome.seconds for outcome in sound.values())
    sys.stdout.write(f"{len(chosen) - bad} of {len(chosen)}; without defects {clean:.0f} s\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
