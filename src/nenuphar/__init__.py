"""Neuroendocrine neoplasms made computable: what it is, why immunotherapy fails, what could be done."""

__version__ = "0.1.0"
