"""Office documents by their content, RTF, and those that LibreOffice reads."""
