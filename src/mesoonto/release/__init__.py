"""What is published with a release: variants of the ontology, tables, changes, metadata, a site."""
