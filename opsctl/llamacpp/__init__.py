"""llama.cpp's own server: its model files, its adapters, and how it is run."""
