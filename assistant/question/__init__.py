"""What a person wrote, and what is asked with it."""
