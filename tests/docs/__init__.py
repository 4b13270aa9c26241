"""The documentation: what its pages show is what the commands print."""
