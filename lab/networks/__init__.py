"""Small networks that are trained from scratch: gates, gradients, recipes, and a transformer of the same size."""
