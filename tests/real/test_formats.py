"""Documents of fifty formats made by real programs: all are read, and questions find the passage.

See tests/real/formats/README.txt. The misses are printed: pytest tests/real/test_formats.py -s
"""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from assistant.evaluate import TOP_K
from assistant.evaluate.answers import folded
from assistant.evaluate.questions import Question, read_questions
from assistant.question.split import essence
from assistant.quote import choose
from bench.answers import expression
from indexer.embedders import open_embedder
from indexer.search.searcher import Hit, Searcher
from tests.real import bsdtar, tesseract
from tests.real.parts import MissingPartError
from tests.workspace import Workspace

pytestmark = pytest.mark.process
FOLDER = Path(__file__).with_name("formats")
BY_LIBREOFFICE = (".doc", ".dot", ".ppt")
LEAST = 0.9


@pytest.fixture
def programs(tmp_path: Path) -> str:
    """A PATH with tesseract and bsdtar, and with the LibreOffice that is installed, if any."""
    try:
        tesseract.install(tmp_path / "tesseract")
        bsdtar.install(tmp_path / "bsdtar")
    except MissingPartError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"a real part is missing: {missing}", pytrace=False)
        pytest.skip(f"a real part is missing: {missing}")
    return f"{tmp_path / 'tesseract'}:{tmp_path / 'bsdtar'}:{os.environ['PATH']}"


def test_every_format_is_read_and_nine_of_ten_questions_find_their_passage(
    tmp_path: Path, programs: str
) -> None:
    workspace = Workspace(tmp_path / "w", env={"PATH": programs})
    left_out = () if shutil.which("soffice") else BY_LIBREOFFICE
    ignored = shutil.ignore_patterns(*(f"*{suffix}" for suffix in left_out))
    shutil.copytree(FOLDER / "documents", workspace.documents, ignore=ignored)
    report = workspace.reindex()
    names = sorted(path.name for path in workspace.documents.iterdir())
    assert sorted(report["added"]) == names
    assert not report["failed"] + report["skipped"], report
    asked = [each for each in read_questions(FOLDER / "questions.jsonl") if each.file in names]
    searcher = Searcher(
        workspace.state / "index", lambda name: open_embedder(name, workspace.state)
    )
    ranks = [_rank(searcher, question) for question in asked]
    missed = [each for each, rank in zip(asked, ranks, strict=True) if rank is None]
    told = [f"    {each.file}: {each.text}\n" for each in missed]
    sys.stdout.write(
        f"\n{len(names)} files read; of {len(asked)} questions {ranks.count(0)} find the passage"
        f" first, {len(asked) - len(missed)} among five; missed:\n{''.join(told)}"
    )
    assert len(missed) <= (1 - LEAST) * len(asked)


def _rank(searcher: Searcher, question: Question) -> int | None:
    """The place of the right passage among the sources, 0 being the first."""
    text = essence(question.text)
    hits = choose(text, searcher.search(text, TOP_K)).found.hits[:TOP_K]
    return next((rank for rank, hit in enumerate(hits) if _is_right(hit, question)), None)


def _is_right(hit: Hit, question: Question) -> bool:
    seen = folded(f"{hit.heading or ''} {hit.text}")
    is_there = question.page in (None, hit.page) and hit.file == question.file
    return is_there and re.search(expression(question.answer or ""), seen) is not None
