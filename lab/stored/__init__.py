"""What this version does and how fast, run by run: ``python -m lab.stored.run``, ``python -m lab.stored.compare``."""
