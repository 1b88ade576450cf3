"""What the engine does for each kind of job, on the worker's thread."""
