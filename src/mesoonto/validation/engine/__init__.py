"""Evaluating shapes: compiled to SPARQL, or by pySHACL as reference and fallback."""
