"""A workspace whose model server is llama.cpp with the tiny Mistral, and a llama-server on PATH
that does something else than it is told."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.gpu_server import free_port
from tests.real.llamacpp.tiny import ROOT
from tests.workspace import Workspace

TGI_ENV = """MODEL_ID=/data/models/absent
LORA_ADAPTERS=loud=/data/adapters/loud,zero=/data/adapters/zero
MAX_INPUT_TOKENS=1536
MAX_TOTAL_TOKENS=2048
MAX_CONCURRENT_REQUESTS=16
"""
PROGRAM = """#!{python}
import os, sys
words = sys.argv[1:]
if words == ["--list-devices"]:
    sys.exit()
{change}
os.environ["PYTHONPATH"] = {root!r}
os.execv(sys.executable, [sys.executable, "-m", "opsctl.llamacpp.serve", *words])
"""


@dataclass
class Machine:
    """Its model files are those of `tiny`; its adapter is `loud`."""

    workspace: Workspace
    tiny: Path

    def start(self, *more: str, model: str = "F32.gguf") -> str:
        """What a start that must succeed says."""
        done = self.workspace.run("start", *self.words(*more, model=model))
        assert done.returncode == 0, done
        return done.stderr

    def words(self, *more: str, model: str = "F32.gguf") -> tuple[str, ...]:
        return ("--server", "llamacpp", "--model", str(self.tiny / model), *more)

    @property
    def url(self) -> str:
        return self.workspace.env["OPSCTL_SERVER_URL"]

    def misled(self, change: str) -> None:
        """Put a llama-server on PATH that changes its `words` and then does as it is told."""
        folder = self.workspace.root / "bin"
        folder.mkdir()
        program = folder / "llama-server"
        text = PROGRAM.format(python=sys.executable, change=change, root=str(ROOT))
        program.write_text(text)
        program.chmod(0o755)
        self.workspace.env["PATH"] = f"{folder}:{os.defpath}"


def make(workspace: Workspace, tiny: Path) -> Machine:
    """The workspace with its settings, and peft's files of the adapter."""
    (workspace.root / "deploy").mkdir()
    (workspace.root / "deploy" / "tgi.env").write_text(TGI_ENV)
    shutil.copytree(tiny / "adapters" / "loud", workspace.state / "adapters" / "loud")
    workspace.env["OPSCTL_SERVER_URL"] = f"http://127.0.0.1:{free_port()}"
    workspace.env["OPSCTL_ANSWER_TOKENS"] = "24"
    return Machine(workspace, tiny)
