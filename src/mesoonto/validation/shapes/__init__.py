"""Shapes: reading them, their model, paths, names and wording."""
