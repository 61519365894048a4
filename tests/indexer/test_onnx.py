"""A model folder with an ONNX file: the same vectors without torch, and its faults in words."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from indexer.embedders import open_embedder
from tests.workspace import Workspace, note, question

for package in ("onnx", "onnxruntime"):
    pytest.importorskip(package, reason="the extra onnx is not installed")

SCRIPT = Path(__file__).resolve().parents[1] / "make_tiny_onnx.py"


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """The tiny model with its weights in both formats, and prompts."""
    folder = tmp_path_factory.mktemp("onnx") / "model"
    shutil.copytree(tiny_model, folder)
    shutil.rmtree(folder / "bare", ignore_errors=True)
    (folder / "onnx").mkdir()
    config = folder / "config_sentence_transformers.json"
    told = json.loads(config.read_text())
    told["prompts"] = {"query": "ключ ", "document": "склад "}
    config.write_text(json.dumps(told))
    command = [sys.executable, str(SCRIPT), str(folder), str(folder / "onnx" / "model.onnx")]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
def model(whole: Path, tmp_path: Path) -> Path:
    """A copy without the weights for torch."""
    folder = tmp_path / "model"
    shutil.copytree(whole, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    return folder


def test_vectors_are_those_of_sentence_transformers(whole: Path, model: Path) -> None:
    script = (
        "import sys; import numpy as np; from pathlib import Path;"
        "from indexer.embedders.transformer import SentenceTransformerEmbedder as E;"
        "e = E(sys.argv[1], Path(sys.argv[1])); t = sys.stdin.read().split('|');"
        "np.save(sys.argv[2], [e.encode(t), e.encode_query(t)]); print(e.revision)"
    )
    texts = ["", note(1), question(2), "склад " * 300]
    file = model / "rows.npy"
    done = subprocess.run(
        [sys.executable, "-c", script, str(whole), str(file)],
        input="|".join(texts), capture_output=True, text=True, check=True,
    )  # fmt: skip
    embedder = open_embedder(str(whole), model)
    passages, questions = np.load(file)
    assert np.allclose(embedder.encode(texts), passages, atol=1e-4)
    assert np.allclose(embedder.encode_query(texts), questions, atol=1e-4)
    assert not np.allclose(passages, questions, atol=1e-2)
    assert done.stdout.split() == [embedder.revision]


def test_ask_imports_no_torch(workspace: Workspace, model: Path) -> None:
    workspace.env = {"OPSCTL_EMBEDDER": str(model), "OPSCTL_DENSE_WEIGHT": "0.1"}
    workspace.env["OPSCTL_THRESHOLD"] = "0"
    for number in (1, 2, 3):
        workspace.write(f"note{number}.txt", note(number))
    workspace.reindex()
    done = workspace.run("ask", question(1), python=("-X", "importtime"))
    assert done.returncode == 0, done
    assert "onnxruntime" in done.stderr
    assert "torch" not in done.stderr and "transformers" not in done.stderr.replace("sentence_", "")


def test_a_file_that_is_none_is_told_with_the_way_out(model: Path) -> None:
    (model / "onnx" / "model.onnx").write_bytes(b"cut short")
    with pytest.raises(UserError, match="cannot be loaded") as told:
        open_embedder(str(model), model)
    assert "OPSCTL_EMBEDDER=builtin" in told.value.hint


def test_what_the_file_does_not_hold_is_told(model: Path) -> None:
    pooling = model / "1_Pooling" / "config.json"
    modules = model / "modules.json"
    for file, text, reason in (
        (pooling, '{"pooling_mode": "max"}', "its pooling is max"),
        (modules, '[{"type": "sentence_transformers.models.Dense"}]', "needs the module"),
    ):
        kept = file.read_text()
        file.write_text(text)
        with pytest.raises(UserError, match=reason):
            open_embedder(str(model), model)
        file.write_text(kept)


def test_numbers_that_are_none_are_told(model: Path) -> None:
    import onnx
    from onnx import numpy_helper

    path = model / "onnx" / "model.onnx"
    graph = onnx.load(str(path))
    for weights in graph.graph.initializer:
        if "word_embeddings" in weights.name:
            spoilt = np.full_like(numpy_helper.to_array(weights), np.nan)
            weights.CopyFrom(numpy_helper.from_array(spoilt, weights.name))
    onnx.save(graph, str(path))
    with pytest.raises(UserError, match="vectors with NaN"):
        open_embedder(str(model), model).encode([note(1)])
