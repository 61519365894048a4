"""What people see in a terminal: lines, tables, sources, and how a command is declared."""
