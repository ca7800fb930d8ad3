"""Wires the evolution of a cohort: hypotheses on how its groups arose, and paths of progression."""
