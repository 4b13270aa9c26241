"""Processes that can be killed: a fork server that holds the data, its workers, and their pool."""
