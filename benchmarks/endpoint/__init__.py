"""Benchmark of SPARQL endpoints: one data set, one set of queries, several servers, interleaved."""
