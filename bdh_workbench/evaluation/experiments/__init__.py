"""Experiments: each one command that writes its results as JSON, a table and, where it helps, a plot."""
