"""Documents in, passages out: readers, chunks, embeddings, the store and the search over it."""
