"""What is known of a model server: its address, its settings, its log, and its proof."""
