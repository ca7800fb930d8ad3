"""From lesions to time-point responses, from time points to best response and survival times."""
