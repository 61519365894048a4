"""A program called tesseract that reads no picture: it says what it is told to, or fails."""

import json
import sys
from pathlib import Path
from typing import Any

SCRIPT = """#!{python}
import json, os, sys, time
from pathlib import Path

HOCR = '<html><body><div class="ocr_page" title="bbox 0 0 1000 1400">%s</div></body></html>'
LINE = '<span class="ocr_line" title="bbox 100 %d 900 %d; baseline 0 -6">%s</span>'
WORD = '<span class="ocrx_word" title="bbox %d %d %d %d; x_wconf %d">%s</span>'
here = Path(__file__).parent
told = json.loads((here / "told").read_text())


def line(number, text):
    top, words = 100 + 40 * number, []
    for at, word in enumerate(text.split()):
        box = 100 + 90 * at, top, 185 + 90 * at, top + 30
        words.append(WORD % (*box, told["sure"], word))
    return LINE % (top, top + 30, " ".join(words))


if "--version" in sys.argv:
    print("tesseract 5.0")
elif "--list-langs" in sys.argv:
    print("List of available languages (2):", *told["languages"], sep="\\n")
else:
    picture = sys.stdin.buffer.read()
    with (here / "runs").open("a") as runs:
        print(*map(int, picture[:20].split()[1:3]), *sys.argv[1:], file=runs)
    if told["fault"] == "hangs":
        time.sleep(600)
    if told["fault"] == "is killed":
        os.kill(os.getpid(), 9)
    if "--psm" in sys.argv:
        print("Rotate: 180")
    elif told["fault"]:
        print(told["fault"])
    else:
        print(HOCR % "".join(line(*each) for each in enumerate(told["lines"])))
"""


class FakeTesseract:
    """The program in a folder of its own, which is to be on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        program = folder / "tesseract"
        program.write_text(SCRIPT.format(python=sys.executable))
        program.chmod(0o755)
        self.tell()

    def tell(
        self,
        *lines: str,
        languages: tuple[str, ...] = ("eng", "osd", "rus"),
        sure: int = 93,
        fault: str = "",
    ) -> None:
        """What it recognises on every picture, or how it fails."""
        told: dict[str, Any] = {"lines": lines, "languages": languages, "sure": sure}
        (self.folder / "told").write_text(json.dumps({**told, "fault": fault}))

    @property
    def runs(self) -> list[str]:
        """Width, height and arguments, a picture each."""
        path = self.folder / "runs"
        return path.read_text().splitlines() if path.exists() else []
