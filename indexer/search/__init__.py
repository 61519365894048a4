"""From a question to passages: by words, by meaning, and both in one ranking."""
