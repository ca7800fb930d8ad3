"""Single-sample rank scores and the classifiers built on them."""
