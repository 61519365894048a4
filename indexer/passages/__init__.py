"""From pages to what is indexed: passages, their sentences and rows, words and forms."""
