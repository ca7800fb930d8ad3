"""What fits a patient: trials, treatments and mechanisms, each criterion with its reason."""
