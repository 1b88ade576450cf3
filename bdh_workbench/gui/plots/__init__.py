"""Plots: cards that are drawn on a timer, and say what will fill them while they are empty."""
