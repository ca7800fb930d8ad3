"""Response: from lesions and scans to best responses and what pages show of them."""
