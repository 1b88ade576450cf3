"""Addresses: the training of their weights, the episodes that it learns from, and the calibration of a write site."""
