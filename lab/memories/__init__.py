"""Experiments on memories: what they answer, what they cost, and what they keep."""
