"""From pieces with their places on a page, drawn or recognised, to paragraphs, columns, tables."""
