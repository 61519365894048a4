"""From the documents folder to the index: what changed, reading it, and its vectors."""
