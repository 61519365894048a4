"""Which letters a text is really in: encodings, unseen characters, layers that are garbage."""
