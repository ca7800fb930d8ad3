"""How tumour groups arise: hypotheses as graphical models."""
