"""Holds shares of cells and immune classes against second readings, and fits what ships."""
