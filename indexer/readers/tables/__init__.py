"""Workbooks and files of rows."""
