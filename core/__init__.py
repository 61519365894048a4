"""What every room uses: errors, settings, files, text, secrets, SQLite; imports nothing of ours."""
