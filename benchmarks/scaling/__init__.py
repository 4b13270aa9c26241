"""What triples, queries, focus nodes and versions cost as data grow, and what that leads to."""
