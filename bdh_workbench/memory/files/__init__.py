"""Memory files: their format, reading and saving them, the library, and locks."""
