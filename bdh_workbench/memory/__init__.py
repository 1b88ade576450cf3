"""Memories: what is remembered, how it is written into states, and how it is kept."""
