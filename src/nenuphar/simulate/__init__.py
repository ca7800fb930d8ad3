"""Plausible cohorts with known truth."""
