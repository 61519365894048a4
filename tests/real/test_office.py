"""Files made by LibreOffice, pandoc and Gnumeric: all are read, and questions find the passage.

See tests/real/office/README.txt. The misses are printed: pytest tests/real/test_office.py -s
"""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.workspace import Workspace

pytestmark = pytest.mark.process
FOLDER = Path(__file__).with_name("office")
LEAST = 0.9


def test_nine_of_ten_questions_find_their_passage(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    shutil.copytree(FOLDER / "documents", workspace.documents)
    report = workspace.reindex()
    names = sorted(path.name for path in workspace.documents.iterdir())
    assert sorted(report["added"]) == names
    assert not report["failed"] + report["partial"] + report["skipped"], report
    asked = [json.loads(line) for line in (FOLDER / "questions.jsonl").read_text().splitlines()]
    ranks = [_rank(workspace, question) for question in asked]
    missed = [question for question, rank in zip(asked, ranks, strict=True) if rank is None]
    found = len(asked) - len(missed)
    told = [f"    {question['file']}: {question['question']}\n" for question in missed]
    sys.stdout.write(
        f"\n{len(names)} files read; of {len(asked)} questions {ranks.count(0)} find the passage"
        f" first, {found} among five; missed:\n{''.join(told)}"
    )
    assert found >= LEAST * len(asked)


def _rank(workspace: Workspace, question: dict[str, Any]) -> int | None:
    """The place of the right passage among the sources, 0 being the first."""
    reply = workspace.json("ask", "--sources-only", question["question"], code=None)
    expected = re.compile(question["expect"])
    for rank, source in enumerate(reply["sources"][:5]):
        seen = f"{source['heading'] or ''}\n{source['text']}"
        if source["file"] == question["file"] and expected.search(seen):
            return rank
    return None
