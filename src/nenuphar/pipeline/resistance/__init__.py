"""Resistance to immunotherapy: from timelines to phenotypes, files, and sections of pages."""
