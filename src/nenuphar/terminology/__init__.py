"""Code systems and their hierarchies."""
