"""The adapter's file as the model server would read it, and the zero adapter made of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save

from core.errors import UserError
from opsctl.hub import adapter
from tests.fakes import hub_files
from tests.fakes.hub_files import HIDDEN, LAYERS, NAME, RANK

WEIGHTS = "adapter_model.safetensors"


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def with_weights(folder: Path, weights: bytes) -> Path:
    return put(folder, hub_files.adapter() | {WEIGHTS: weights})


def tensors(**changed: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> bytes:
    """A sound adapter's tensors, some of them replaced: A0, B0, A1, B1."""
    values = {
        f"{part}{layer}": np.full(shape, 0.5, np.float32)
        for layer in range(LAYERS)
        for part, shape in (("A", (RANK, HIDDEN)), ("B", (HIDDEN, RANK)))
    } | changed
    return save({NAME.format(key[1:], key[0]): value for key, value in values.items()})


def as_dtype(weights: bytes, dtype: str) -> bytes:
    """A file of 16-bit floats, with another name for their type in its header."""
    length = int.from_bytes(weights[:8], "little")
    header = weights[8 : 8 + length].replace(b'"F16"', f'"{dtype}"'.encode())
    return len(header).to_bytes(8, "little") + header + weights[8 + length :]


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        adapter.check(folder, LAYERS, HIDDEN)
    assert caught.value.hint
    return caught.value.message


def test_the_facts_of_the_published_shape(tmp_path: Path) -> None:
    folder = put(tmp_path / "real", hub_files.adapter(rank=8, layers=32, hidden=4096))
    facts = adapter.check(folder, 32, 4096)
    assert (facts.tensors, facts.rank, facts.alpha, facts.zero) == (64, 8, 32, False)
    assert adapter.check(folder) == facts


@pytest.mark.parametrize("rank", [1, 8, 24])
def test_other_ranks_are_read_from_the_configuration(tmp_path: Path, rank: int) -> None:
    folder = put(tmp_path / "a", hub_files.adapter(rank=rank))
    assert adapter.check(folder, LAYERS, HIDDEN).rank == rank


def test_names_that_the_server_would_drop_are_an_error(tmp_path: Path) -> None:
    sound = load_file(put(tmp_path / "a", hub_files.adapter()) / WEIGHTS)
    short = {name.removeprefix("base_model."): value for name, value in sound.items()}
    assert "lacks 4 of 4 tensors" in refused(with_weights(tmp_path / "b", save(short)))
    other = {name.replace("q_proj", "v_proj"): value for name, value in sound.items()}
    assert "would drop 4 tensors" in refused(with_weights(tmp_path / "c", save(sound | other)))
    last = {
        name: value for name, value in sound.items() if "layers.1.self_attn.q_proj.lora_B" in name
    }
    lacking = {name: value for name, value in sound.items() if name not in last}
    told = refused(with_weights(tmp_path / "d", save(lacking)))
    assert f"lacks 1 of 4 tensors, such as {next(iter(last))}" in told


@pytest.mark.parametrize(
    "changed",
    [
        {"A1": np.ones((RANK, HIDDEN + 1), np.float32)},
        {"B0": np.ones((RANK, HIDDEN), np.float32)},
        {"A0": np.ones((RANK * 2, HIDDEN), np.float32)},
        {"B1": np.ones((HIDDEN * RANK,), np.float32)},
    ],
)
def test_a_tensor_of_another_shape_is_named(
    tmp_path: Path, changed: "dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]"
) -> None:
    told = refused(with_weights(tmp_path / "a", tensors(**changed)))
    key = next(iter(changed))
    assert f"{NAME.format(key[1:], key[0])} has shape" in told


def test_a_single_number_other_than_zero_makes_an_adapter(tmp_path: Path) -> None:
    nothing = {f"B{layer}": np.zeros((HIDDEN, RANK), np.float32) for layer in range(LAYERS)}
    assert adapter.check(with_weights(tmp_path / "zero", tensors(**nothing))).zero
    negative = {key: -value for key, value in nothing.items()}
    assert np.signbit(negative["B0"]).all()
    assert adapter.check(with_weights(tmp_path / "negative", tensors(**negative))).zero
    for value in (1e-45, 1.0, -1.0, float("nan")):
        nothing["B1"][HIDDEN - 1, RANK - 1] = value
        assert not adapter.check(with_weights(tmp_path / "some", tensors(**nothing))).zero


@pytest.mark.parametrize(("value", "zero"), [(0x0000, True), (0x8000, True), (0x3F80, False)])
@pytest.mark.parametrize("dtype", ["BF16", "F16"])
def test_sixteen_bit_numbers(tmp_path: Path, dtype: str, value: int, zero: bool) -> None:
    content = {}
    for layer in range(LAYERS):
        content[NAME.format(layer, "A")] = np.full((RANK, HIDDEN), 1, np.float16)
        numbers = np.full((HIDDEN, RANK), value, np.uint16)
        content[NAME.format(layer, "B")] = numbers.view(np.float16)
    folder = with_weights(tmp_path / "a", as_dtype(save(content), dtype))
    assert adapter.check(folder, LAYERS, HIDDEN).zero is zero
    adapter.write_zero(folder, tmp_path / "zero")
    assert adapter.check(tmp_path / "zero", LAYERS, HIDDEN).zero


def test_damaged_files_are_told(tmp_path: Path) -> None:
    whole = hub_files.adapter()[WEIGHTS]
    header = int.from_bytes(whole[:8], "little")
    broken = [b"", whole[:7], whole[: header // 2], whole[: 8 + header], whole[:-1], whole + b"\0"]
    broken += [b"\xff" * 100, (2).to_bytes(8, "little") + b"[]", (9).to_bytes(8, "little") + b"{}"]
    broken.append(whole.replace(b'"F32"', b'"Q32"'))
    broken.append(whole.replace(b"[8,16]", b"[8,17]"))
    for number, content in enumerate(broken):
        told = refused(with_weights(tmp_path / str(number), content))
        assert "not a safetensors file" in told or "cut short" in told, (number, told)
    (tmp_path / "0" / WEIGHTS).unlink()
    assert "no such file" in refused(tmp_path / "0")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"r": 16}, "not (16, 16)"),
        ({"r": None}, "r is None"),
        ({"lora_alpha": "big"}, "lora_alpha is 'big'"),
        ({"target_modules": ["q_proj", "v_proj"]}, "target_modules is"),
    ],
)
def test_a_configuration_that_does_not_fit_its_file(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    files = hub_files.adapter() | {"adapter_config.json": hub_files.adapter_config(**changes)}
    assert said in refused(put(tmp_path / "a", files))


def test_a_missing_or_broken_configuration_is_told(tmp_path: Path) -> None:
    folder = put(tmp_path / "a", hub_files.adapter())
    for content in (b"", b"[]", b"\xff"):
        (folder / "adapter_config.json").write_bytes(content)
        assert "adapter_config.json" in refused(folder)
    (folder / "adapter_config.json").unlink()
    assert "there is no" in refused(folder)


def test_the_zero_adapter_has_the_same_shape_and_no_effect(tmp_path: Path) -> None:
    source, zero = put(tmp_path / "real", hub_files.adapter()), tmp_path / "zero"
    assert adapter.write_zero(source, zero)
    facts = adapter.check(zero, LAYERS, HIDDEN)
    assert (facts.tensors, facts.rank, facts.alpha, facts.zero) == (4, 8, 32, True)
    before, after = load_file(source / WEIGHTS), load_file(zero / WEIGHTS)
    assert after.keys() == before.keys()
    for name, value in after.items():
        assert value.dtype == before[name].dtype
        assert np.array_equal(value, before[name] if "lora_A" in name else value * 0)
    config = json.loads((zero / "adapter_config.json").read_text())
    assert config["target_modules"] == ["q_proj"]
    assert not {"corda_config", "trainable_token_indices"} & config.keys()


def test_the_zero_adapter_is_written_once_and_again_when_it_differs(tmp_path: Path) -> None:
    source, zero = put(tmp_path / "real", hub_files.adapter()), tmp_path / "zero"
    assert adapter.write_zero(source, zero)
    assert not adapter.write_zero(source, zero)
    (zero / WEIGHTS).write_bytes(b"")
    (tmp_path / "zero.part").mkdir()
    assert adapter.write_zero(source, zero)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["real", "zero"]
