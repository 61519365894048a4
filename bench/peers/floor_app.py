"""The floor: sentence-transformers alone encodes the same passages. No store, no search."""

import json
import os
import time
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from bench.peers import cli


def index(chunks: Path, store: Path) -> cli.Result:
    """Encode a JSON list of passages and save the vectors."""
    model = SentenceTransformer(os.environ["BENCH_MODEL"], device="cpu")
    texts = json.loads(chunks.read_text("utf-8"))
    wall, cpu = time.perf_counter(), time.process_time()
    vectors = model.encode(texts, batch_size=32, normalize_embeddings=True)
    spent = {
        "encode_wall_s": round(time.perf_counter() - wall, 3),
        "encode_cpu_s": round(time.process_time() - cpu, 3),
    }
    store.mkdir(parents=True, exist_ok=True)
    np.save(store / "vectors.npy", vectors)
    return {"chunks": len(texts), "characters": sum(map(len, texts)), **spent}


def load(store: Path) -> cli.Search:
    """Encode a question and compare it with nothing."""
    model = SentenceTransformer(os.environ["BENCH_MODEL"], device="cpu")
    return lambda question: str(model.encode(question, normalize_embeddings=True).shape)


if __name__ == "__main__":
    cli.main(load=load, index=index)
