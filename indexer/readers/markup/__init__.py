"""Text with marks: Markdown, reStructuredText, LaTeX, man pages, Org, Textile, MediaWiki."""
