"""Pages that are pictures: recognised by tesseract, where it is installed."""
