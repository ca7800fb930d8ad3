"""Pooling of proportions and hazard ratios."""
