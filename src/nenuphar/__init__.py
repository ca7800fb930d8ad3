"""Neuroendocrine neoplasms made computable.

What it is, why immunotherapy fails or may work, and what could be done; for research use only.
"""

__version__ = "0.1.0"
