"""The base, its tokens, and the adapter that is trained on it."""
