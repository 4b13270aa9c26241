"""The process that owns the connections: accepting, assigning, long queries, limits of clients."""
