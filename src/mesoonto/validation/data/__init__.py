"""Data graphs as validation sees them: terms, N-Triples, the store, small graphs."""
