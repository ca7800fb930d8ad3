"""Figures of pages as SVG or charts; each draws what it is given."""
