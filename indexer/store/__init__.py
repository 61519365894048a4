"""The index on disk: documents, passages, posting lists and vectors in a folder that is whole."""
