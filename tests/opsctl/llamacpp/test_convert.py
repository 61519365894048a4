"""A peft adapter as llama.cpp wants it: its names, its numbers, and the order of their rows."""

import resource
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from safetensors.numpy import save, save_file

from core.errors import UserError
from opsctl.llamacpp import convert, header
from tests.opsctl.llamacpp import files
from tests.tiny_gguf import interleaved

WEIGHTS = "adapter_model.safetensors"


def converted(tmp_path: Path, folder: Path, **model: Any) -> gguf.GGUFReader:
    base = header.read(files.model(tmp_path / "m.gguf", **model))
    convert.convert(folder, base, tmp_path / "adapter.gguf")
    return gguf.GGUFReader(tmp_path / "adapter.gguf")


def refused(tmp_path: Path, folder: Path, **model: Any) -> str:
    with pytest.raises(UserError) as caught:
        converted(tmp_path, folder, **model)
    assert caught.value.hint
    assert [path.name for path in tmp_path.glob("*adapter*.gguf*")] == []
    return caught.value.message


def test_every_matrix_is_there_under_llama_cpps_name(tmp_path: Path) -> None:
    modules = ("attn_q", "attn_k", "attn_v", "ffn_up")
    read = converted(tmp_path, files.adapter(tmp_path / "a", modules))
    found = {tensor.name: tensor.data for tensor in read.tensors}
    source = files.tensors(modules)
    assert len(found) == len(source)
    for name, numbers in source.items():
        _, _, _, _, layer, _, module, part, _ = name.split(".")
        short = next(key for key, value in files.MODULES.items() if value.endswith(module))
        heads = {"attn_q": files.HEADS, "attn_k": files.KEY_HEADS}.get(short)
        if heads and part == "lora_B":
            numbers = interleaved(numbers, heads)
        assert np.array_equal(found[f"blk.{layer}.{short}.weight.{part.lower()}"], numbers), name


def test_alpha_and_the_kind_are_told(tmp_path: Path) -> None:
    read = converted(tmp_path, files.adapter(tmp_path / "a", lora_alpha=16))
    facts = {name: field.contents() for name, field in read.fields.items()}
    assert facts["general.type"] == "adapter" and facts["adapter.type"] == "lora"
    assert (facts["general.architecture"], facts["adapter.lora.alpha"]) == ("llama", 16)


def test_alpha_by_the_root_of_the_rank_becomes_one_by_the_rank(tmp_path: Path) -> None:
    read = converted(tmp_path, files.adapter(tmp_path / "a", use_rslora=True))
    alpha = read.fields["adapter.lora.alpha"].contents()
    assert alpha == pytest.approx(8 * files.RANK**0.5)


@pytest.mark.parametrize("kind", ["F16", "BF16"])
def test_numbers_of_16_bits_are_read(tmp_path: Path, kind: str) -> None:
    folder = files.adapter(tmp_path / "a")
    made = {name: value % 128 for name, value in files.tensors(("attn_q",)).items()}
    if kind == "F16":
        halves = {name: value.astype(np.float16) for name, value in made.items()}
        save_file(halves, folder / WEIGHTS)
    else:
        upper = {name: (value.view("u4") >> 16).astype("u2") for name, value in made.items()}
        raw = save(upper)
        length = int.from_bytes(raw[:8], "little")
        head = raw[8 : 8 + length].replace(b'"U16"', b'"BF16"')
        content = len(head).to_bytes(8, "little") + head + raw[8 + length :]
        (folder / WEIGHTS).write_bytes(content)
    read = converted(tmp_path, folder)
    found = {tensor.name: tensor.data for tensor in read.tensors}
    name = "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"
    assert np.array_equal(found["blk.1.attn_q.weight.lora_a"], made[name])


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"use_dora": True}, "cannot apply its use_dora"),
        ({"bias": "lora_only"}, "cannot apply its bias"),
        ({"modules_to_save": ["lm_head"]}, "cannot apply its modules_to_save"),
        ({"rank_pattern": {"q_proj": 4}}, "cannot apply its rank_pattern"),
        ({"r": 0}, "r is 0"),
        ({"r": 3}, "takes (3, 32)"),
        ({"lora_alpha": None}, "lora_alpha is None"),
    ],
)
def test_what_llama_cpp_would_leave_out_is_refused(
    tmp_path: Path, config: dict[str, Any], said: str
) -> None:
    assert said in refused(tmp_path, files.adapter(tmp_path / "a", **config))


def test_an_adapter_for_another_model_is_refused(tmp_path: Path) -> None:
    folder = files.adapter(tmp_path / "a")
    assert "has no blk.1.attn_q.weight" in refused(tmp_path, folder, layers=1)
    assert "is a qwen2, not a llama" in refused(tmp_path, folder, name="qwen2")
    odd = files.tensors(("attn_q",))
    odd = {name: np.repeat(value, 2, axis=0) for name, value in odd.items()}
    save_file(odd, folder / WEIGHTS)
    assert "is (4, 32), and the model" in refused(tmp_path, folder)


def test_names_that_llama_cpp_does_not_know_are_refused(tmp_path: Path) -> None:
    folder = files.adapter(tmp_path / "a")
    sound = files.tensors(("attn_q",))
    save_file({n.replace("q_proj", "gate"): v for n, v in sound.items()}, folder / WEIGHTS)
    assert "is of no part that llama.cpp knows" in refused(tmp_path, folder)
    save_file(
        {n: v for n, v in sound.items() if "1.self_attn.q_proj.lora_A" not in n}, folder / WEIGHTS
    )
    assert "A or B of blk.1.attn_q.weight is missing" in refused(tmp_path, folder)
    save_file({}, folder / WEIGHTS)
    assert "it is empty" in refused(tmp_path, folder)


def test_a_damaged_adapter_is_refused(tmp_path: Path) -> None:
    folder = files.adapter(tmp_path / "a")
    whole = (folder / WEIGHTS).read_bytes()
    for size in (0, 7, 100, len(whole) - 1):
        (folder / WEIGHTS).write_bytes(whole[:size])
        assert "is no safetensors file, or is cut off" in refused(tmp_path, folder), size
    (folder / WEIGHTS).unlink()
    assert f"there is no {WEIGHTS}" in refused(tmp_path, folder)
    (folder / "adapter_config.json").write_text("[]")
    assert "is not a JSON object" in refused(tmp_path, folder)


def test_another_adapter_or_a_changed_byte_is_told_from_its_own(tmp_path: Path) -> None:
    folder = files.adapter(tmp_path / "a")
    base = header.read(files.model(tmp_path / "m.gguf"))
    target = tmp_path / "adapter.gguf"
    assert not convert.is_made_from(folder, base, target)
    convert.convert(folder, base, target)
    assert convert.is_made_from(folder, base, target)
    raw = bytearray(target.read_bytes())
    raw[-1] ^= 1
    target.write_bytes(raw)
    assert not convert.is_made_from(folder, base, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "adapter.gguf", "m.gguf"]


@pytest.mark.parametrize("room", [0, 500, 1500])
def test_a_full_disk_leaves_the_older_file_and_a_sentence(tmp_path: Path, room: int) -> None:
    folder = files.adapter(tmp_path / "a", ("attn_q", "attn_k", "attn_v", "ffn_up"))
    base = files.model(tmp_path / "m.gguf")
    target = tmp_path / "adapter.gguf"
    target.write_bytes(b"older")
    limit, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, most))
    try:
        with pytest.raises(UserError) as caught:
            convert.convert(folder, header.read(base), target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    assert "no room to write the adapter" in caught.value.message
    assert "df -h" in caught.value.hint
    assert target.read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "adapter.gguf", "m.gguf"]
