"""What commands say of the index: how fresh it is, its vectors, and what cannot be read."""
