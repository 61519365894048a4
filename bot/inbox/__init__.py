"""Updates from Telegram: committed before they are confirmed, and dealt with in order."""
