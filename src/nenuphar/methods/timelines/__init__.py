"""Timelines of treatment: calendar arithmetic, what dates come to, and times to events."""
