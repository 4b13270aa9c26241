"""The dataset: files to named graphs, the store that answers queries, its versions on disk, writing."""
