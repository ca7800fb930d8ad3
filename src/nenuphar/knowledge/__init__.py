"""What is known, as data: record schemas, the loader and the records themselves."""
