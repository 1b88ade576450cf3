"""Experiments on memories: what they answer, what they cost, and how much they keep."""
