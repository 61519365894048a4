"""What reading and indexing cost a format, beside a plain floor: python bench/formats.py.

The same text in every format. The floor decodes it and takes its words; CPU seconds a megabyte of
text, the least of some runs, and how many times the floor's that is.
"""

import argparse
import html
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.corpus import languages, make_text
from indexer.embedders import HashedStems
from indexer.passages.words import words
from indexer.readers import read
from indexer.sync.reindex import Chunking, reindex
from tests.indexer.sample_files import pdf, word
from tests.indexer.slide_files import deck, shape

Section = tuple[str, list[str], list[list[str]]]  # heading, paragraphs, rows of a table
LINE = 90  # characters of a line in a PDF
PAGE = 40  # lines of it


def sections(megabytes: float) -> list[Section]:
    """Russian text with a heading and a small table every few paragraphs."""
    rng = random.Random(7)
    russian = languages(rng)[0]
    found, size = list[Section](), 0
    while size < megabytes * 1e6:
        text = make_text(russian, 3000, rng).split("\n\n")
        rows = [[str(rng.randrange(1000)) for _ in range(3)] for _ in range(6)]
        found.append((f"Раздел {len(found) + 1}", text, [["Товар", "Цена", "Число"], *rows]))
        size += sum(len(each.encode()) for each in text)
    return found


def write_all(folder: Path, made: list[Section]) -> dict[str, Path]:
    """A file of each format."""
    paths = {name: folder / name / f"a.{name}" for name in WRITERS}
    for name, path in paths.items():
        path.parent.mkdir()
        WRITERS[name](path, made)
    return paths


def _txt(path: Path, made: list[Section]) -> None:
    parts = ("\n\n".join((head, *text, _lines(rows, "\t"))) for head, text, rows in made)
    path.write_text("\n\n".join(parts), "utf-8")


def _md(path: Path, made: list[Section]) -> None:
    parts = []
    for head, text, rows in made:
        table = [f"| {_lines([rows[0]], ' | ')} |", "|---|---|---|"]
        table += [f"| {_lines([row], ' | ')} |" for row in rows[1:]]
        parts.append("\n\n".join((f"## {head}", *text, "\n".join(table))))
    path.write_text("\n\n".join(parts), "utf-8")


def _html(path: Path, made: list[Section]) -> None:
    parts = []
    for head, text, rows in made:
        parts += [f"<h2>{head}</h2>", *(f"<p>{html.escape(each)}</p>" for each in text)]
        cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
        parts.append(f"<table><tr>{'</tr><tr>'.join(cells)}</tr></table>")
    path.write_text("\n".join(parts), "utf-8")


def _docx(path: Path, made: list[Section]) -> None:
    word(path, *(part for head, text, rows in made for part in (f"# {head}", *text, rows)))


def _xlsx(path: Path, made: list[Section]) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Лист")
    for line in _grid(made):
        sheet.append(line)
    book.save(path)


def _csv(path: Path, made: list[Section]) -> None:
    path.write_text("\n".join(";".join(line) for line in _grid(made)), "utf-8")


def _pptx(path: Path, made: list[Section]) -> None:
    slides = (
        shape(head, "title") + shape(html.escape("\n".join((*text, _lines(rows, " ")))))
        for head, text, rows in made
    )
    deck(path, *slides)


def _pdf(path: Path, made: list[Section]) -> None:
    lines = [
        each[at : at + LINE]
        for head, text, rows in made
        for each in (head, *text, *(" ".join(row) for row in rows))
        for at in range(0, len(each), LINE)
    ]
    path.write_bytes(pdf("\n".join(lines[at : at + PAGE]) for at in range(0, len(lines), PAGE)))


def _lines(rows: list[list[str]], between: str) -> str:
    return "\n".join(between.join(row) for row in rows)


def _grid(made: list[Section]) -> Iterator[list[str]]:
    """A row a paragraph: the section, the text without what divides cells, numbers of the table."""
    yield ["Раздел", "Текст", "Цена"]
    for head, text, rows in made:
        for number, each in enumerate(text):
            yield [head, each.replace(";", ",").replace('"', ""), rows[1 + number % 6][1]]


WRITERS: dict[str, Callable[[Path, list[Section]], None]] = {
    "txt": _txt, "md": _md, "html": _html, "docx": _docx, "xlsx": _xlsx, "csv": _csv,
    "pptx": _pptx, "pdf": _pdf,
}  # fmt: skip


def cpu() -> float:
    """CPU seconds of this process and of those it waited for."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def least(runs: int, work: Callable[[], object]) -> float:
    """The CPU seconds of the run that took the fewest."""
    taken = []
    for _ in range(runs):
        before = cpu()
        work()
        taken.append(cpu() - before)
    return min(taken)


def take(path: Path) -> None:
    """Read all pages of a file."""
    for _ in read(path):
        pass


def index(folder: Path) -> None:
    """Index a folder again with the built-in embedder, the process that reads it included."""
    with tempfile.TemporaryDirectory() as state:
        reindex(folder, Path(state), HashedStems(), Chunking())


def main() -> None:
    """Print a line a format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=float, default=1.0, help="megabytes of text")
    parser.add_argument("--runs", type=int, default=3, help="the least of so many")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        made = sections(args.mb)
        paths = write_all(Path(name), made)
        size = paths["txt"].stat().st_size / 1e6
        plain = least(args.runs, lambda: words(paths["txt"].read_bytes().decode())) / size
        print(f"{size:.1f} MB of text; floor {plain:.2f} CPU s/MB; {time.strftime('%Y-%m-%d')}")
        print("format  file MB    read  ÷ floor    index  ÷ floor")
        for form, path in paths.items():
            reading = least(args.runs, partial(take, path)) / size
            whole = least(args.runs, partial(index, path.parent)) / size
            print(
                f"{form:6}{path.stat().st_size / 1e6:9.1f}{reading:8.2f}{reading / plain:9.1f}"
                f"{whole:9.2f}{whole / plain:9.1f}"
            )


if __name__ == "__main__":
    main()
