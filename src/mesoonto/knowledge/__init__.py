"""Curated knowledge: questions, counts, gaps, stratification, identifiers, and templates for new records."""
