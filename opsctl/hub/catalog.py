"""What opsctl downloads, and where it is put."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from core import extras
from core.errors import UsageError
from indexer.models import DEFAULT_MODEL, is_hub_name
from training.model.adapter_files import CONFIG, WEIGHTS

ONNX = ("onnx/model.onnx", "onnx/model.onnx_data")


@dataclass(frozen=True)
class Download:
    """One repository of the Hub; `kind` is the folder of the state folder that it is put in."""

    name: str
    repo: str
    revision: str
    kind: str
    patterns: tuple[str, ...]
    without: tuple[str, ...] = ()
    repo_type: str = "model"  # as the Hub calls it; or "dataset"
    by_onnx: bool = False  # an ONNX file in the place of weights, where there is one
    check: Callable[[Path], object] | None = None  # of the whole folder; raises UserError

    def folder(self, state: Path) -> Path:
        return state / self.kind / self.repo.replace("/", "--")

    def choose(self, paths: Sequence[str]) -> list[str]:
        """The files that are needed; of weights in two formats, the safetensors."""
        taken = [path for path in paths if self._wants(path)]
        whole = [path for path in paths if path in ONNX]
        if self.by_onnx and whole:
            return [p for p in taken if not p.endswith((".safetensors", ".bin"))] + whole
        safe = {PurePosixPath(path).parent for path in taken if path.endswith(".safetensors")}
        return [p for p in taken if not (p.endswith(".bin") and PurePosixPath(p).parent in safe)]

    def _wants(self, path: str) -> bool:
        return any(fnmatch(path, pattern) for pattern in self.patterns) and not any(
            fnmatch(path, pattern) for pattern in self.without
        )


DOWNLOADS = (
    Download(
        "model",
        "TheBloke/Mistral-7B-Instruct-v0.2-GPTQ",
        "gptq-4bit-32g-actorder_True",
        "models",
        ("*.json", "*.safetensors", "*.model"),
    ),
    Download(
        "adapter",
        "ggeorge/qlora-mistral-hackatone-yandexq",
        "main",
        "adapters",
        (CONFIG, WEIGHTS),
    ),
    Download(
        "embedder",
        DEFAULT_MODEL,
        "main",
        "models",
        ("*.json", "*.txt", "*.model", "*.safetensors", "*.bin"),
        ("onnx/*", "openvino/*"),
    ),
)


def chosen(names: Sequence[str], embedder: str = DEFAULT_MODEL) -> list[Download]:
    """The downloads of these names, in the order of the table; all when none is named.

    `embedder` is the setting: a name on the Hub takes the place of the default model.
    """
    repo = embedder if is_hub_name(embedder) else DEFAULT_MODEL
    by_onnx = extras.is_installed("onnx") and not extras.is_installed("neural")
    table = [
        replace(item, repo=repo, by_onnx=by_onnx) if item.name == "embedder" else item
        for item in DOWNLOADS
    ]
    known = [item.name for item in table]
    for name in names:
        if name not in known:
            raise UsageError(f"there is no download {name!r}", f"choose from: {', '.join(known)}")
    return [item for item in table if not names or item.name in names]
