"""Other SPARQL servers as engines: asked and written to over HTTP, each with its own habits."""
