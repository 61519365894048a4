"""A model folder with an ONNX file, by ONNX Runtime and tokenizers: no torch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import extras
from indexer.embedders import folder as folders
from indexer.embedders.base import Matrix, sound
from indexer.embedders.prompts import prompts_of
from indexer.models import onnx_file

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BATCH = 8  # sentences: of 32 the network makes more than the caches hold, at 1.2 times the cost
_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
_MODULES = {"Transformer", "Pooling", "Normalize"}


class OnnxEmbedder:
    """What sentence-transformers does with such a folder: tokens, the network, one pooling."""

    def __init__(self, name: str, folder: Path, weight: float | None = None) -> None:
        extras.check("onnx")
        self.name = name
        self.weight = weight
        self._prompts = prompts_of(name, folder)
        self.revision = folders.revision(folder, self._prompts)
        try:
            self._pooling = _pooling(folder)
            self._longest = _longest(folder)
            self._tokenizer = _tokenizer(folder)
            self._session = _session(folder)
            self._inputs = {each.name for each in self._session.get_inputs()}
            if not self._inputs <= _INPUTS:
                raise ValueError(f"it wants the inputs {', '.join(sorted(self._inputs))}")
            self.dimension = self._batch(["a"]).shape[1]
        except Exception as error:  # the loaders raise whatever their formats raise
            raise folders.cannot_load(folder, error) from error

    _tokenizer: "Tokenizer"

    def knows(self, text: str) -> bool:
        """Tell by the tokenizer whether the model has seen the language."""
        return folders.knows(self._tokenizer, text)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), dimension), unit rows; long texts are read to their limit."""
        return self._encode([self._prompts.passage + text for text in texts])

    def encode_query(self, texts: Sequence[str]) -> Matrix:
        """The same with the prompt of a question."""
        return self._encode([self._prompts.query + text for text in texts])

    def _encode(self, texts: list[str]) -> Matrix:
        matrix = np.zeros((len(texts), self.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))  # little to pad
        for at in range(0, len(order), _BATCH):
            rows = order[at : at + _BATCH]
            matrix[rows] = self._batch([texts[row] for row in rows])
        return sound(matrix, self.name)

    def _batch(self, texts: list[str]) -> Matrix:
        ids = [self._ids(text) for text in texts]
        longest = max(map(len, ids))
        tokens = np.zeros((len(ids), longest), dtype=np.int64)
        mask = np.zeros_like(tokens)
        for row, one in enumerate(ids):
            tokens[row, : len(one)], mask[row, : len(one)] = one, 1
        given = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(mask)}
        feed = {key: value for key, value in given.items() if key in self._inputs}
        hidden = np.asarray(self._session.run(None, feed)[0], dtype=np.float32)
        if hidden.ndim == 2:  # the file holds the pooling too
            return hidden
        if self._pooling == "cls":
            return np.asarray(hidden[:, 0])
        weights = mask[:, :, None].astype(np.float32)
        return np.asarray((hidden * weights).sum(axis=1) / weights.sum(axis=1))

    def _ids(self, text: str) -> list[int]:
        """The tokens of a text; one that is too long keeps its last mark."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids if len(ids) <= self._longest else [*ids[: self._longest - 1], ids[-1]]


def _session(folder: Path) -> Any:
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.log_severity_level = 3
    # Its threads would spin while they wait for a busy core.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    file = onnx_file(folder)
    return InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def _tokenizer(folder: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _pooling(folder: Path) -> str:
    """How the tokens of a text become one vector: "mean" or "cls"; raises ValueError for others."""
    for module in _json(folder / "modules.json", []):
        if module["type"].rpartition(".")[2] not in _MODULES:
            raise ValueError(f"it needs the module {module['type']}, which its ONNX file lacks")
    told = _json(folder / "1_Pooling" / "config.json", {})
    on = [key.removeprefix("pooling_mode_") for key, value in told.items() if value is True]
    mode = told.get("pooling_mode") or next((key for key in on if key != "include_prompt"), "mean")
    found = {"mean": "mean", "mean_tokens": "mean", "cls": "cls", "cls_token": "cls"}.get(mode)
    if found is None:
        raise ValueError(f"its pooling is {mode}, and only mean and cls are known")
    return found


def _longest(folder: Path) -> int:
    """The most tokens of a text: the smallest bound that the files name."""
    told = (
        _json(folder / "sentence_bert_config.json", {}).get("max_seq_length"),
        _json(folder / "tokenizer_config.json", {}).get("model_max_length"),
        _json(folder / "config.json", {}).get("max_position_embeddings"),
    )
    return min((int(number) for number in told if number), default=512)


def _json(path: Path, default: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else default
