"""Search in a folder with txtai, which leaves reading, cutting and watching files to its caller."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from langchain_text_splitters import RecursiveCharacterTextSplitter
from txtai import Embeddings

from bench.peers import cli

STATE = "files.json"  # beside txtai's own files: {name: [time of change, passages]}

State = dict[str, tuple[int, int]]


def read(docs: Path, names: list[str]) -> dict[str, list[str]]:
    """The passages of each file, cut as in the LangChain program."""
    splitter = RecursiveCharacterTextSplitter.from_tiktoken_encoder(
        "cl100k_base", chunk_size=256, chunk_overlap=12
    )
    return {name: splitter.split_text((docs / name).read_text("utf-8")) for name in names}


def rows(files: dict[str, list[str]]) -> Iterator[tuple[str, str, None]]:
    """What txtai takes; the id tells the file."""
    for name, passages in files.items():
        for number, passage in enumerate(passages):
            yield f"{name}#{number}", passage, None


def times(docs: Path) -> dict[str, int]:
    """When each file was changed."""
    paths = sorted(docs.rglob("*.txt"))
    return {str(path.relative_to(docs)): path.stat().st_mtime_ns for path in paths}


def save(embeddings: Embeddings, state: State, store: Path) -> cli.Result:
    """Save the index, and beside it what it was made of."""
    embeddings.save(str(store))
    (store / STATE).write_text(json.dumps(state), "utf-8")
    return {"chunks": embeddings.count()}


def index(docs: Path, store: Path) -> cli.Result:
    """Build the index from nothing."""
    changed = times(docs)
    files = read(docs, list(changed))
    embeddings = Embeddings(path=os.environ["BENCH_MODEL"], content=True, gpu=False, maxlength=256)
    embeddings.index(rows(files))
    characters = sum(len(passage) for passages in files.values() for passage in passages)
    saved = save(embeddings, {name: (changed[name], len(files[name])) for name in files}, store)
    return {**saved, "characters": characters}


def open_index(store: Path) -> Embeddings:
    """The index as it was saved."""
    embeddings = Embeddings()
    embeddings.load(str(store))
    return embeddings


def update(docs: Path, store: Path) -> cli.Result:
    """Replace the files whose time of change is another, drop those that are gone."""
    embeddings = open_index(store)
    state: State = json.loads((store / STATE).read_text("utf-8"))
    now = times(docs)
    stale = [name for name in state if now.get(name) != state[name][0]]
    gone = [f"{name}#{number}" for name in stale for number in range(state.pop(name)[1])]
    if gone:
        embeddings.delete(gone)
    files = read(docs, [name for name in now if name not in state])
    embeddings.upsert(rows(files))
    state.update({name: (now[name], len(files[name])) for name in files})
    return {**save(embeddings, state, store), "changed_files": len(files)}


def load(store: Path) -> cli.Search:
    """Search in the saved index."""
    embeddings = open_index(store)
    return lambda question: str(embeddings.search(question, cli.TOP)[0]["id"]).split("#")[0]


if __name__ == "__main__":
    cli.main(load=load, index=index, update=update)
