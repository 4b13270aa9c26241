"""The ontology as it is read: its files, labels, axioms, records, and their words."""
