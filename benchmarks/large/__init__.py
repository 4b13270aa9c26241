"""What queries over all of a large dataset take, in memory and on disk, beside other servers."""
