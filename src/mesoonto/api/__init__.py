"""The library as people import it: the shipped dataset and endpoints, asked and read in Python."""
