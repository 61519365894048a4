"""The logs that the stand-ins play: recorded ones of TGI 3.3.7 (see server_logs/README.txt).

A file holds lines of a log, and four short forms of what is long or the same in each:
`@start N` (the first N lines of start.log), `@success N` (answers), `<source line>`, and
`<rich traceback box: N lines>`.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).with_name("server_logs")
BOX = re.compile(r"<rich traceback box: (\d+) lines>")
TIME = re.compile(r'("timestamp":")[^"]*"')
WIDTH = 80
# Source lines of the frames that a load and a download pass through: words of other errors.
LOADING = (
    "if quantize is not None and dtype is not None:",
    '"Only 1 can be set between `dtype` and `quantize`, as they both"',
    "model = get_model_with_lora_adapters(",
    "return self.fget.__get__(instance, owner)()",
)
DOWNLOADING = (
    "try:",
    "utils.weight_files(model_id, revision, extension)",
    "except (LocalEntryNotFoundError, EntryNotFoundError):",
)


def lines(name: str) -> list[str]:
    """The lines of a log, at one a second."""
    found = list(_lines(FOLDER / f"{name}.log"))
    return [TIME.sub(rf'\g<1>{_moment(second)}"', line) for second, line in enumerate(found, 1)]


def box(height: int, source: tuple[str, ...] = LOADING) -> list[str]:
    """A box of so many lines as rich draws it on 80 columns: a frame after the other, the current
    line marked, its locals below."""
    rows = [_titled(" Traceback (most recent call last) ", WIDTH)]
    frame = 0
    while len(rows) < height - 1:
        frame += 1
        inner = [f"/usr/src/server/text_generation_server/models/__init__.py:{frame} in load", ""]
        inner += [f"  {frame * 7 + row:4} │   │   {text}" for row, text in enumerate(source)]
        inner[-2] = "❱" + inner[-2][1:]
        inner += ["", _titled(" locals ", WIDTH - 4), f"│ dtype = None{' ' * 61}│", _end(WIDTH - 4)]
        rows += [f"│ {row[: WIDTH - 4]:<{WIDTH - 4}} │" for row in inner]
    return [*rows[: height - 1], _end(WIDTH)]


def _lines(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        form, _, number = line.partition(" ")
        if form == "@start":
            yield from list(_lines(FOLDER / "start.log"))[: int(number)]
        elif form == "@success":
            yield from list(_lines(FOLDER / "success.log")) * int(number)
        else:
            yield _whole(line)


def _whole(line: str) -> str:
    """A line of JSON with its boxes."""
    line = line.replace("<source line>", "model = get_model(")
    source = DOWNLOADING if "Download encountered" in line else LOADING

    def drawn(match: re.Match[str]) -> str:
        return json.dumps("\n".join(box(int(match[1]), source)), ensure_ascii=False)[1:-1]

    return BOX.sub(drawn, line)


def _moment(second: int) -> str:
    return f"2026-01-02T10:{20 + second // 60:02}:{second % 60:02}.123456Z"


def _titled(title: str, width: int) -> str:
    return f"╭{title:─^{width - 2}}╮"


def _end(width: int) -> str:
    return f"╰{'─' * (width - 2)}╯"
