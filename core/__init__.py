"""What every room uses: errors, settings, files, text, secrets, SQLite. It imports nothing of ours."""
