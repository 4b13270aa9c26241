"""Validation on several machines, or several processes of one: the data in parts, each judged by a worker."""
