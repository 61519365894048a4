"""Search in a folder with LlamaIndex, the stack of the project that this one grew out of."""

import os
from pathlib import Path

from llama_index.core import (
    Document,
    Settings,
    SimpleDirectoryReader,
    StorageContext,
    VectorStoreIndex,
    load_index_from_storage,
)
from llama_index.core.node_parser import SentenceSplitter
from llama_index.embeddings.huggingface import HuggingFaceEmbedding

from bench.peers import cli

# 32 as sentence-transformers itself; LlamaIndex's own 10 would cost it padding and calls.
Settings.embed_model = HuggingFaceEmbedding(
    os.environ["BENCH_MODEL"], device="cpu", embed_batch_size=32
)
Settings.transformations = [SentenceSplitter(chunk_size=256, chunk_overlap=12)]


def read(docs: Path) -> list[Document]:
    """The files with their paths as ids. The name is kept, but is no part of what is embedded."""
    reader = SimpleDirectoryReader(
        str(docs),
        recursive=True,
        filename_as_id=True,
        required_exts=[".txt"],
        file_metadata=lambda path: {"file_name": Path(path).name},
    )
    return list(reader.load_data())


def index(docs: Path, store: Path) -> cli.Result:
    """Build the index from nothing."""
    built = VectorStoreIndex.from_documents(read(docs))
    built.storage_context.persist(str(store))
    nodes = built.docstore.docs.values()
    return {"chunks": len(nodes), "characters": sum(len(node.get_content()) for node in nodes)}


def open_index(store: Path) -> VectorStoreIndex:
    """The index as it was saved."""
    return load_index_from_storage(StorageContext.from_defaults(persist_dir=str(store)))


def update(docs: Path, store: Path) -> cli.Result:
    """Bring the saved index in line with the folder."""
    opened = open_index(store)
    changed = opened.refresh_ref_docs(read(docs))
    opened.storage_context.persist(str(store))
    return {"chunks": len(opened.docstore.docs), "changed_files": sum(changed)}


def load(store: Path) -> cli.Search:
    """Search in the saved index."""
    retriever = open_index(store).as_retriever(similarity_top_k=cli.TOP)
    return lambda question: str(retriever.retrieve(question)[0].metadata["file_name"])


if __name__ == "__main__":
    cli.main(load=load, index=index, update=update)
