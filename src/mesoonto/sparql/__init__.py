"""SPARQL as text: its grammar, the tree of a query or update, and what is wrong with other texts."""
