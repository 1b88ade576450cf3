"""Measurements of what a model remembers and what it costs."""
