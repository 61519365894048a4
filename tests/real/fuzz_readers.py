"""python -m tests.real.fuzz_readers FOLDER SUFFIX START STOP: reads files damaged by these seeds.

A line of JSON for each file that is not read as it should be. The process ends with a stack on
stderr where a file takes too long.
"""

from __future__ import annotations

import faulthandler
import json
import re
import resource
import signal
import sys
from pathlib import Path
from random import Random

from indexer.passages.chunks import make_splitter
from indexer.readers import Page, Unreadable, read
from tests.real.damage import damaged
from tests.real.fuzz_samples import samples

SECONDS = 20  # of the processor, a file
MOST = 300 << 10  # kB of memory
LIMITS = (resource.RLIMIT_AS, 1 << 30), (resource.RLIMIT_CPU, 600)
FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")
LONGEST_REASON = 300


class Forbidden(BaseException):
    """No reader can take it for a damage."""


def wrong(path: Path) -> str | None:
    """What is wrong with how a file is read, if anything is."""
    try:
        for page in read(path):
            _check(page)
    except Unreadable as error:
        if isinstance(error.__cause__, MemoryError):
            return "MemoryError"
        reason = str(error)
        if not reason or not reason.isprintable() or len(reason) > LONGEST_REASON:
            return f"not a reason: {reason!r}"
    except (Exception, Forbidden) as error:
        return f"{type(error).__name__}: {error}"
    return None


_split = make_splitter(256, 32)


def _check(page: Page) -> None:
    page.text.encode()
    (page.heading or "").encode()
    end = 0
    for block in page.blocks:
        assert end <= block.start <= block.stop <= len(page.text), block
        end = block.stop
    for chunk in _split(page):
        assert page.text[chunk.start : chunk.end] == chunk.text, chunk


def _used() -> int:
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0])


def main(folder: Path, suffix: str, start: int, stop: int) -> None:
    whole = samples(suffix, folder)
    path = folder / f"{start}{suffix}"
    for kind, most in LIMITS:
        resource.setrlimit(kind, (most, most))
    faulthandler.register(signal.SIGVTALRM, chain=True)
    sys.addaudithook(_refuse)
    for seed in range(start, stop):
        rng = Random(seed)
        path.write_bytes(damaged(rng, rng.choice(whole), rng.choice(whole)))
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        print(json.dumps({"seed": seed}), flush=True)
        if told := wrong(path):
            print(json.dumps({"seed": seed, "wrong": told}), flush=True)
    if (used := _used()) > MOST:
        print(json.dumps({"seed": stop, "wrong": f"{used} kB of memory"}))


def _refuse(event: str, args: tuple[object, ...]) -> None:
    if event.startswith(FORBIDDEN):
        raise Forbidden(f"{event} {args}")


if __name__ == "__main__":
    _, place, suffix, start, stop = sys.argv
    main(Path(place), suffix, int(start), int(stop))
