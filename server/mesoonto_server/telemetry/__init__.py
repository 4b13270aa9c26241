"""Counts of requests, and what is reported of them."""
