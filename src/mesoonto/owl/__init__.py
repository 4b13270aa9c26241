"""The ontology as OWL: import slices and classification."""
