"""The notebook's other road: llama.cpp's own server, with a model and an adapter that are tiny."""

import re
from pathlib import Path

from opsctl.llamacpp.models import SEED
from tests.colab import colab_for
from tests.fakes import hub_files
from tests.fakes.hub import FakeHub

WIDTH = 64  # of the tiny Mistral


def test_the_cells_run_up_to_an_answer(tiny: Path, tmp_path: Path) -> None:
    """cmake is a stand-in: what it builds is the server of xllamacpp, which sees no card."""
    repo, _, file = SEED.name.partition(":")
    with FakeHub() as hub, colab_for(tmp_path, hub, {}, driver="550.54") as colab:
        hub.push_all()
        hub.push(hub_files.ADAPTER, "main", hub_files.adapter(hidden=WIDTH))
        hub.push(repo, "main", {file: (tiny / "F32.gguf").read_bytes()})
        colab.env["OPSCTL_ANSWER_TOKENS"] = "20"
        said = colab.run("ask")
        cells = dict(re.findall(r"^\[([\w-]+)\]\n((?:(?!^\[).*\n)*)", said, re.MULTILINE))
        assert cells["choice"] == "driver 550.54: llamacpp\n"
        assert "the adapter hackatone is applied" in cells["start"]
        lines = cells["verify"].splitlines()
        assert len(lines) == 5 and all(line.startswith("ok") for line in lines), lines
        assert ".md" in cells["ask"] and "OPSCTL_ANSWER_TOKENS" in cells["ask"]  # cut: it wrote
