"""opsctl train use: the adapter becomes the first of LORA_ADAPTERS, and nothing else changes."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes import hub_files
from tests.workspace import Workspace

ENV = Path(__file__).resolve().parents[2] / "deploy" / "tgi.env"
BASE = "TheBloke--Mistral-7B-Instruct-v0.2-GPTQ"
PUBLISHED = "hackatone=/data/adapters/ggeorge--qlora-mistral-hackatone-yandexq"
MINE, ZERO = "mine=/data/adapters/mine", "zero=/data/adapters/zero"
WEIGHTS = "adapter_model.safetensors"


@dataclass
class Checkout:
    """A workspace with deploy/tgi.env, the base model's config and the published adapter."""

    workspace: Workspace

    @property
    def tgi_env(self) -> Path:
        return self.workspace.root / "deploy" / "tgi.env"

    @property
    def local(self) -> Path:
        """What is written to; git ignores it."""
        return self.tgi_env.with_name("tgi.local.env")

    @property
    def adapters(self) -> Path:
        return self.workspace.state / "adapters"

    def adapter(self, name: str, rank: int = 8, hidden: int = 16, fill: float = 0.5) -> Path:
        """Put an adapter where runs and downloads put theirs."""
        files = hub_files.adapter(rank, hidden=hidden, fill=fill)
        return _write(self.adapters / name, files)

    def declared(self) -> str:
        """The value of LORA_ADAPTERS."""
        lines = self.local.read_text().splitlines()
        found = [line for line in lines if line.startswith("LORA_ADAPTERS=")]
        assert len(found) == 1
        return found[0].partition("=")[2]

    def use(self, name: str, env: dict[str, str] | None = None) -> str:
        """What a `train use` that must succeed says."""
        done = self.workspace.run("train", "use", name, env=env)
        assert done.returncode == 0, done
        return done.stdout + done.stderr

    def refuses(self, name: str, code: int = 1) -> str:
        """The sentence of a `train use` that must fail, and write nothing."""
        told = self.workspace.fails(code, "train", "use", name)
        assert not self.local.exists()
        return told


@pytest.fixture
def checkout(workspace: Workspace) -> Checkout:
    made = Checkout(workspace)
    made.tgi_env.parent.mkdir()
    shutil.copy(ENV, made.tgi_env)
    _write(workspace.state / "models" / BASE, hub_files.model())
    made.adapter("ggeorge--qlora-mistral-hackatone-yandexq")
    made.adapter("mine", fill=0.25)
    return made


def test_a_trained_adapter_becomes_the_first_and_what_requests_name(checkout: Checkout) -> None:
    before = checkout.tgi_env.read_bytes()
    told = checkout.use("mine")
    old, new = f"LORA_ADAPTERS={PUBLISHED},{ZERO}", f"LORA_ADAPTERS={MINE},{PUBLISHED},{ZERO}"
    assert checkout.tgi_env.read_bytes() == before, "git has nothing to object to"
    assert checkout.local.read_text().splitlines()[1:] == [new]
    assert f"- {old}\n+ {new}\n" in told
    assert "opsctl restart" in told and "opsctl verify" in told
    shown = checkout.workspace.run("doctor", "--settings").stdout
    assert [line.split()[1] for line in shown.splitlines() if "OPSCTL_ADAPTER" in line] == ["mine"]
    zero = (checkout.adapters / "zero" / WEIGHTS).read_bytes()
    assert len(zero) == len((checkout.adapters / "mine" / WEIGHTS).read_bytes())
    inode = checkout.local.stat().st_ino
    assert "already" in checkout.use("mine")
    assert checkout.local.stat().st_ino == inode  # not even written anew


def test_the_published_adapter_is_moved_back_to_the_front(checkout: Checkout) -> None:
    checkout.use("mine")
    checkout.use("hackatone")
    assert checkout.declared() == f"{PUBLISHED},{MINE},{ZERO}"
    checkout.local.unlink()
    assert "already" in checkout.use("hackatone")
    assert not checkout.local.exists()


def test_the_zero_adapter_follows_the_rank(checkout: Checkout) -> None:
    rank = {}
    for name, number in (("mine", 8), ("wide", 16), ("hackatone", 8)):
        if name == "wide":
            checkout.adapter(name, rank=number)
        told = checkout.use(name)
        config = json.loads((checkout.adapters / "zero" / "adapter_config.json").read_text())
        rank[name] = config["r"]
        assert "the zero adapter was written" in told
    assert rank == {"mine": 8, "wide": 16, "hackatone": 8}
    assert "the zero adapter was written" not in checkout.use("mine")


@pytest.mark.parametrize(
    "form",
    [
        b"A=1\r\nLORA_ADAPTERS=%s\r\n#b\r\n",
        b"A=1\nLORA_ADAPTERS=%s",
        b"\xef\xbb\xbfLORA_ADAPTERS=%s\n\n",
        b"#LORA_ADAPTERS=x\n  LORA_ADAPTERS=%s\n",
        b"LORA_ADAPTERS=lost=/x\nLORA_ADAPTERS=%s\n",
    ],
)
@pytest.mark.parametrize(
    "old",
    ["zero=/z,a=/data/a", "a=/data/a, zero=/z,", f"zero=/z,a=/data/a,{MINE}"],
)
def test_every_other_byte_of_the_file_stays(checkout: Checkout, form: bytes, old: str) -> None:
    from core.server_file import ServerFile
    from opsctl.server.local_env import put_adapter_first

    checkout.local.write_bytes(form % old.encode())
    checkout.local.chmod(0o640)
    told = put_adapter_first(ServerFile(checkout.tgi_env), "mine")
    new = f"{MINE},a=/data/a,zero=/z"
    assert told == (old, new)
    assert checkout.local.read_bytes() == form % new.encode()
    assert checkout.local.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"A=1\n", b"A=1\nLORA_ADAPTERS=%s\n"),
        (b"A=1\r\nB=2", b"A=1\r\nB=2\r\nLORA_ADAPTERS=%s\r\n"),
        (b"LORA_ADAPTERS\n", b"LORA_ADAPTERS=%s\n"),
    ],
)
def test_a_file_that_declares_none_gets_the_line(
    checkout: Checkout, content: bytes, wanted: bytes
) -> None:
    from core.server_file import ServerFile
    from opsctl.server.local_env import put_adapter_first

    checkout.tgi_env.write_bytes(b"B=2\n")
    checkout.local.write_bytes(content)
    put_adapter_first(ServerFile(checkout.tgi_env), "mine")
    assert checkout.local.read_bytes() == wanted % f"{MINE},{ZERO}".encode()


def test_what_the_server_would_not_apply_is_refused(checkout: Checkout) -> None:
    assert "there is no adapter lost" in checkout.refuses("lost")
    assert "trained here: mine" in checkout.refuses("lost")
    checkout.adapter("flat", fill=0)
    assert "flat changes nothing: all its B are 0" in checkout.refuses("flat")
    checkout.adapter("narrow", rank=4)
    assert "narrow has rank 4" in checkout.refuses("narrow")
    checkout.adapter("of-another", hidden=32)
    assert "shape (8, 32), not (8, 16)" in checkout.refuses("of-another")
    cut = checkout.adapter("cut") / WEIGHTS
    cut.write_bytes(cut.read_bytes()[:-1])
    assert "cut short" in checkout.refuses("cut")
    assert "opsctl train run" in checkout.refuses("cut")
    checkout.refuses("zero", code=2)
    checkout.refuses("a,b=c", code=2)
    checkout.adapter("hackatone")
    assert "another name" in checkout.refuses("hackatone")
    assert not (checkout.adapters / "zero").exists()


def test_a_setting_that_names_another_adapter_is_told(checkout: Checkout) -> None:
    told = checkout.use("mine", env={"OPSCTL_ADAPTER": "hackatone"})
    assert "requests still name hackatone: OPSCTL_ADAPTER is set (environment)" in told
    assert checkout.declared().startswith(MINE)
    assert "requests still name" not in checkout.use("mine", env={"OPSCTL_ADAPTER": "mine"})


def test_another_base_than_the_server_s_is_told(checkout: Checkout) -> None:
    run = checkout.workspace.state / "training" / "runs" / "mine"
    run.mkdir(parents=True)
    for base, told in ((BASE, False), ("mistralai--Mistral-7B-Instruct-v0.2", True)):
        (run / "manifest.json").write_text(json.dumps({"base": base}))
        assert (f"trained on {base}" in checkout.use("mine")) is told


def test_without_the_model_the_adapter_is_judged_by_itself(checkout: Checkout) -> None:
    shutil.rmtree(checkout.workspace.state / "models")
    assert "not compared with it" in checkout.use("mine")
    assert checkout.declared().startswith(MINE)


def test_a_file_that_can_not_be_written_is_told(plain_user: Workspace) -> None:
    checkout = Checkout(plain_user)
    checkout.tgi_env.parent.mkdir()
    shutil.copy(ENV, checkout.tgi_env)
    checkout.adapter("mine")
    checkout.tgi_env.parent.chmod(0o500)
    assert "tgi.local.env cannot be written" in checkout.refuses("mine")


def _write(folder: Path, files: hub_files.Files) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
