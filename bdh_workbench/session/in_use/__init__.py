"""The memory in use: its value, what can be undone, how full it is."""
