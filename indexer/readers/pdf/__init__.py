"""PDF: what stands where on its pages, as pdfium draws it, and what that makes of the text."""
