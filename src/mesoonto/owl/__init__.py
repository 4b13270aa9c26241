"""The ontology as OWL: canonical form, import slices, entailment, explanation, HermiT, quality rules."""
