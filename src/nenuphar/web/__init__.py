"""The workspace in a browser: thin pages and an interface for scripts over the pipeline."""
