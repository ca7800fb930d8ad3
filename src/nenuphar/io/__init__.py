"""Readers and writers: files in, observed facts out."""
