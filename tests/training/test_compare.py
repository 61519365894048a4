"""opsctl train compare: what it refuses, and how questions and languages are told."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes import hub_files
from tests.training.synthetic_rows import make_rows, write_lines
from tests.workspace import Workspace, said
from training.data.language import same_language
from training.data.rows import Row
from training.data.split import sample_unseen

WEIGHTS = "adapter_model.safetensors"


@dataclass
class Ended:
    """A workspace with a run that has ended, whose base has gone since."""

    workspace: Workspace

    @property
    def run(self) -> Path:
        return self.workspace.state / "training" / "runs" / "mine"

    @property
    def eval(self) -> Path:
        return self.workspace.state / "training" / "data" / "eval.jsonl"

    @property
    def weights(self) -> Path:
        return self.workspace.state / "adapters" / "mine" / WEIGHTS

    def fails(self, name: str = "mine") -> str:
        return said(self.workspace.run("train", "compare", name))


@pytest.fixture
def ended(workspace: Workspace) -> Ended:
    made = Ended(workspace)
    for folder in (made.run, made.eval.parent, made.weights.parent):
        folder.mkdir(parents=True)
    write_lines(made.eval, make_rows(3, seed=0))
    made.weights.write_bytes(hub_files.adapter()[WEIGHTS])
    settings = {
        "data": str(made.eval.parent), "model": str(workspace.root / "gone"),
        "base": "gptq", "length": 2048,
    }  # fmt: skip
    manifest = {
        "settings": settings,
        "data_sha256": {"eval.jsonl": sha256(made.eval)},
        "adapter_sha256": sha256(made.weights),
        "counts": {"eval": {"rows": 3}},
    }
    (made.run / "manifest.json").write_text(json.dumps(manifest))
    return made


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_can_not_be_compared_is_told(ended: Ended) -> None:
    assert "there is no model folder" in ended.fails()
    ended.eval.write_bytes(ended.eval.read_bytes() + b"\n")
    assert "eval.jsonl was made again after the run" in ended.fails()
    ended.eval.unlink()
    assert "opsctl train prepare" in ended.fails()
    ended.weights.write_bytes(hub_files.adapter(fill=0.25)[WEIGHTS])
    assert "is not what the run made" in ended.fails()
    (ended.run / "manifest.json").unlink()
    assert "the run mine has not ended" in ended.fails()
    assert "cannot be a run's name" in ended.fails("../mine")


def test_rows_that_chose_the_checkpoint_are_left_out_where_there_are_others() -> None:
    rows = make_rows(20, seed=0)
    chosen, unseen = sample_unseen(rows, 5, watched=12)
    assert unseen and len(chosen) == 5
    assert {row.question for row in chosen} <= {row.question for row in rows[12:]}
    assert sample_unseen(rows, 5, watched=12) == (chosen, True)
    chosen, unseen = sample_unseen(rows, 9, watched=12)
    assert not unseen and len(chosen) == 9
    assert len(sample_unseen(rows, 50, watched=12)[0]) == 20


@pytest.mark.parametrize(
    ("question", "answer", "same"),
    [
        ("Где паспорт?", "В сейфе, номер 5 (box A).", True),
        ("Где паспорт?", "In the safe.", False),
        ("Where is it?", "In the safe.", True),
        ("Where is it?", "Қайда? Білмеймін.", False),  # Cyrillic beyond the Russian letters
        ("Где паспорт?", "12.", False),
        ("Где паспорт?", "", False),
        ("12?", "", False),
    ],
)
def test_the_language_of_an_answer_is_told_by_its_letters(
    question: str, answer: str, same: bool
) -> None:
    assert same_language(Row(question, "", ""), answer) is same
