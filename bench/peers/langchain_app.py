"""Search in a folder with LangChain and FAISS."""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import faiss
from langchain_classic.indexes import SQLRecordManager
from langchain_community.docstore.in_memory import InMemoryDocstore
from langchain_community.document_loaders import DirectoryLoader, TextLoader
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_core.indexing import index as sync
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from bench.peers import cli


def read(docs: Path) -> Iterator[Document]:
    """The passages of every file."""
    loader = DirectoryLoader(
        str(docs), glob="**/*.txt", loader_cls=TextLoader, loader_kwargs={"encoding": "utf-8"}
    )
    splitter = RecursiveCharacterTextSplitter.from_tiktoken_encoder(
        "cl100k_base", chunk_size=256, chunk_overlap=12
    )
    return iter(splitter.split_documents(loader.load()))


@cache
def embedder() -> HuggingFaceEmbeddings:
    """MiniLM with vectors of unit length, so that the inner product is the cosine."""
    return HuggingFaceEmbeddings(
        model_name=os.environ["BENCH_MODEL"],
        model_kwargs={"device": "cpu"},
        encode_kwargs={"normalize_embeddings": True},
    )


def open_store(store: Path) -> FAISS:
    """The vectors as they were saved."""
    return FAISS.load_local(str(store), embedder(), allow_dangerous_deserialization=True)


def bring_in_line(docs: Path, store: Path, vectors: FAISS) -> cli.Result:
    """Embed what the record manager has not seen, drop what is gone, save.

    cleanup="full" because "incremental" re-embeds the unchanged rest of every file that has more
    passages than a batch.
    """
    records = SQLRecordManager("bench", db_url=f"sqlite:///{store / 'records.sqlite'}")
    records.create_schema()
    done = sync(
        read(docs), records, vectors, cleanup="full", source_id_key="source", key_encoder="blake2b"
    )
    vectors.save_local(str(store))
    kept = [vectors.docstore.search(key) for key in vectors.index_to_docstore_id.values()]
    characters = sum(len(document.page_content) for document in kept)
    return {"chunks": vectors.index.ntotal, "characters": characters, **done}


def index(docs: Path, store: Path) -> cli.Result:
    """Build the index from nothing."""
    store.mkdir(parents=True)
    model = embedder()
    flat = faiss.IndexFlatIP(len(model.embed_query("dimension")))
    return bring_in_line(docs, store, FAISS(model, flat, InMemoryDocstore(), {}))


def update(docs: Path, store: Path) -> cli.Result:
    """Bring the saved index in line with the folder."""
    return bring_in_line(docs, store, open_store(store))


def chunks(docs: Path, file: Path) -> cli.Result:
    """Write the passages alone, for the floor."""
    texts = [document.page_content for document in read(docs)]
    file.write_text(json.dumps(texts, ensure_ascii=False), "utf-8")
    return {"chunks": len(texts)}


def load(store: Path) -> cli.Search:
    """Search in the saved index."""
    vectors = open_store(store)
    return lambda question: (
        Path(vectors.similarity_search(question, k=cli.TOP)[0].metadata["source"]).name
    )


if __name__ == "__main__":
    cli.main(load=load, ready=embedder, index=index, update=update, chunks=chunks)
