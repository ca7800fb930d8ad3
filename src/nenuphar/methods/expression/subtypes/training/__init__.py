"""Fits the shipped parameters again from the cohorts beside the checkout; never needed to call."""
