"""What the session stores on the disk: library, settings, recovery copies, crash log, search index."""
