"""What a GGUF file says of itself, and files that are none."""

from pathlib import Path

import gguf
import pytest

from core.errors import UserError
from opsctl.llamacpp import header
from tests.opsctl.llamacpp import files


def refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        header.read(path)
    assert caught.value.hint
    return caught.value.message


def test_a_header_tells_what_the_file_holds(tmp_path: Path) -> None:
    path = files.model(tmp_path / "m.gguf", layers=3, context=4096)
    found = header.read(path)
    assert (found.architecture, found.template) == ("llama", "{{ messages }}")
    assert found.number("block_count") == 3 and found.number("context_length") == 4096
    assert found.tensors["blk.2.attn_k.weight"].shape == (files.WIDTH, files.WIDTH // 2)
    assert found.facts["tokenizer.ggml.tokens"] == 3
    assert found.bytes == path.stat().st_size


def test_sizes_of_all_formats_are_those_of_the_gguf_package() -> None:
    known = {int(kind): size for kind, size in gguf.GGML_QUANT_SIZES.items()}
    assert {kind: known.get(kind) for kind in header.BLOCKS} == header.BLOCKS


def test_a_file_cut_anywhere_is_refused_in_a_sentence(tmp_path: Path) -> None:
    whole = files.model(tmp_path / "m.gguf").read_bytes()
    cut = tmp_path / "cut.gguf"
    for size in (0, 3, 10, 24, 60, 200, 600, len(whole) - 100, len(whole) - 1):
        cut.write_bytes(whole[:size])
        assert "cut off" in refused(cut), size


@pytest.mark.parametrize(
    "content",
    [
        b"<html>an error page of a mirror</html>" * 9,
        b"GGUF" + bytes(400),
        b"GGUF\3\0\0\0" + b"\xff" * 400,
        b"GGUF\3\0\0\0" + b"\1" + bytes(7) + b"\1" + bytes(7) + b"\xff" * 400,
    ],
)
def test_what_is_no_gguf_is_refused_at_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    assert "is no GGUF file" in refused(path)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    assert "there is no file" in refused(tmp_path / "none.gguf")
    assert "cannot be read (Is a directory)" in refused(tmp_path)
