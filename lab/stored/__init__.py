"""What this version can do and how fast, run by run: ``python -m lab.stored.run``, ``python -m lab.stored.compare``."""
