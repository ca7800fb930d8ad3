"""Evidence of the literature on a page of its own and on the pages of cases."""
