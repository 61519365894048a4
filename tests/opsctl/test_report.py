"""opsctl verify --report: the figures of a machine, with no secret and no text of a document."""

import json
from pathlib import Path

from tests.gpu_server import GPUServer
from tests.workspace import note, question

SECTIONS = ("Machine", "GPUs", "Server", "Start", "Adapter", "Speed", "Answers")


def test_a_report_holds_every_section_and_no_secret(server: GPUServer, tmp_path: Path) -> None:
    workspace, path = server.workspace, tmp_path / "report.md"
    workspace.write("note1.txt", note(1))
    workspace.reindex()
    asked = {"question": question(1), "file": "note1.txt", "answer": "Норд1"}
    (tmp_path / "asked.jsonl").write_text(json.dumps(asked))
    workspace.env["OPSCTL_API_KEY"] = "a-secret-key-of-the-server"
    assert workspace.run("start", "--server", "docker").returncode == 0
    done = workspace.run(
        "verify", "--report", str(path), "--questions", str(tmp_path / "asked.jsonl")
    )
    assert done.returncode == 0, done
    text = path.read_text()
    parts = {part.partition("\n")[0]: part for part in text.split("\n## ")[1:]}
    assert tuple(parts) == SECTIONS
    assert "| loading the model |" in parts["Start"]
    assert "| differs | ok |" in parts["Adapter"]
    rows = parts["Speed"].splitlines()[4:7]
    assert [row.split(" | ")[0] for row in rows] == ["| 1", "| 4", "| 16"]
    assert "| quotes | 1 | 1 |" in parts["Answers"]
    assert "| the adapter | 1 |" in parts["Answers"] and "| the base | 1 |" in parts["Answers"]
    assert "a-secret-key" not in text and "Норд1" not in text


def test_a_folder_that_is_missing_is_told_before_anything_is_measured(server: GPUServer) -> None:
    assert server.workspace.run("start", "--server", "docker").returncode == 0
    done = server.workspace.run("verify", "--report", "none/report.md")
    assert (done.returncode, done.stdout) == (2, "")
    assert "hint: mkdir -p none" in done.stderr
