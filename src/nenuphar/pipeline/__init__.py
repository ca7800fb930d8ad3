"""The only place that wires the floors together."""
