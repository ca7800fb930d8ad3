"""Studies as cBioPortal lays them out: clinical files, mutations, gene panels."""
