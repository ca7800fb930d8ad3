"""Variants, copy number and their patterns."""
