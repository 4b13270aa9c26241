"""Answers a query within its limits."""
