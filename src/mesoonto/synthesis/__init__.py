"""Which comparisons of trials may be pooled, what is left out and why, and the estimates."""
