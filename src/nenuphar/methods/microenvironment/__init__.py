"""Immune cells, checkpoints, and what changes between specimens of one tumour."""
