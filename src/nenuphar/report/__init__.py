"""Renders conclusions; never derives them."""
