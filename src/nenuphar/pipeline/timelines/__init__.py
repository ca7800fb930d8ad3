"""Lines of treatment in time: their courses from scans, and times to events."""
