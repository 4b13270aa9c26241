"""Files: reading RDF, compression, configuration, and where in its file a triple stands."""
