"""What a worker answers; nothing here runs in the process that owns the connections."""
