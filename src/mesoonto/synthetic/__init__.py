"""Synthetic cohorts: invented patients, as many as one likes, to try validation, loading and queries with.

Nobody in them is real. Their shares and times are chosen so that every value occurs; they estimate nothing.
"""
