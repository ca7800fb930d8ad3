"""Other people's forms of a case: GA4GH Phenopackets v2 and FHIR bundles, read and written."""
