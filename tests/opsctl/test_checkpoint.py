"""The configuration of the model's folder, held against what the server is made for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import UserError
from opsctl.hub import checkpoint
from tests.fakes import hub_files


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        checkpoint.check(folder)
    assert caught.value.hint
    return caught.value.message


def test_the_model_that_the_server_is_made_for_passes(tmp_path: Path) -> None:
    checkpoint.check(put(tmp_path, hub_files.model()))
    assert checkpoint.shape(tmp_path) == (hub_files.LAYERS, hub_files.HIDDEN)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bits": 8}, "bits is 8, not 4"),
        ({"group_size": 128}, "group_size is 128, not 32"),
        ({"desc_act": False}, "desc_act is false, not true"),
        ({"desc_act": 1}, "desc_act is 1, not true"),
        ({"sym": None}, "sym is null, not true"),
        ({"quant_method": "awq"}, 'quant_method is "awq", not "gptq"'),
        ({"sliding_window": 4096}, "sliding_window is 4096, not null"),
        ({"model_type": "llama"}, 'model_type is "llama", not "mistral"'),
        ({"quantization_config": None}, 'quant_method is "missing", not "gptq"'),
        ({"quantization_config": 4}, 'quant_method is "missing", not "gptq"'),
    ],
)
def test_another_kind_of_model_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    assert said in refused(put(tmp_path, hub_files.model(**changes)))


def test_the_quantization_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    put(tmp_path, hub_files.model(quantization_config=None))
    values = {"bits": 4, "group_size": 32, "desc_act": True, "sym": True}
    put(tmp_path, {"quantize_config.json": hub_files.as_json(values)})
    checkpoint.check(tmp_path)
    put(tmp_path, {"quantize_config.json": hub_files.as_json(values | {"sym": False})})
    assert "sym is false" in refused(tmp_path)


def test_files_that_are_missing_or_broken_are_named(tmp_path: Path) -> None:
    assert f"there is no {tmp_path / 'config.json'}" in refused(tmp_path)
    put(tmp_path, hub_files.model() | {"config.json": b"{"})
    assert "cannot be read as JSON" in refused(tmp_path)
    put(tmp_path, hub_files.model())
    (tmp_path / "model.safetensors").unlink()
    assert "no safetensors file" in refused(tmp_path)
    put(tmp_path, hub_files.model(hidden_size="wide"))
    with pytest.raises(UserError, match="hidden_size"):
        checkpoint.shape(tmp_path)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda whole: whole[:-1000], "it is cut short"),
        (lambda whole: whole + b"more", "bytes that belong to no tensor"),
        (lambda whole: whole[:50], "it is not a safetensors file"),
        (lambda whole: b"", "it is not a safetensors file"),
        (lambda whole: bytes(len(whole)), "it is not a safetensors file"),
    ],
)
def test_weights_that_are_not_whole_are_told(
    tmp_path: Path, damage: Callable[[bytes], bytes], said: str
) -> None:
    files = hub_files.model()
    put(tmp_path, files | {"model.safetensors": damage(files["model.safetensors"])})
    told = refused(tmp_path)
    assert f"the model's file {tmp_path / 'model.safetensors'} is damaged: " in told
    assert said in told


def test_a_model_without_a_tokenizer_is_told(tmp_path: Path) -> None:
    put(tmp_path, hub_files.model())
    for name in checkpoint.TOKENIZERS:
        (tmp_path / name).unlink()
    assert "has no tokenizer" in refused(tmp_path)
