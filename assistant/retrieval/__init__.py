"""What a question finds: passages, or papers and clauses by their names."""
