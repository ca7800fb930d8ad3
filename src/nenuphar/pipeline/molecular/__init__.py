"""Molecular facts of specimens, from what a case holds or has attached, to its sections."""
