"""What the program does and how fast, run by run: ``python -m benchmarks.run``, ``python -m benchmarks.compare``."""
