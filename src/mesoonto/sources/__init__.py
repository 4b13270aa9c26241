"""Whether records still agree with the sources they name: bibliographic indexes and registries of trials."""
