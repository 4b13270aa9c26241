"""Versions of a dataset that one machine publishes, and that any number of servers follow."""
