"""How groups of tumours may have arisen: hypotheses compared as models of a cohort."""
