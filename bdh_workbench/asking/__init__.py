"""Asking a memory: the one way that the window, the command line and the benchmarks use. No Qt."""
