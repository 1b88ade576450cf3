"""The slow memory as a value: its rows, its banks, their algebra, and what forgets, merges and switches off."""
