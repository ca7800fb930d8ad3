"""Criterion trees, three-valued truth, the two evaluators and the fact resolver."""
