"""Gene identity: which gene a name means, and every name that had to be replaced to find out."""

from nenuphar.terminology.genes.index import GeneIndex, Resolution, gene_index
from nenuphar.terminology.genes.species import looks_like_mouse

__all__ = ["GeneIndex", "Resolution", "gene_index", "looks_like_mouse"]
