"""Text to Telegram's messages: entities, never a parse mode, and nothing lost."""
