"""Flask: routes and pages. It runs in threads of the process that owns the connections."""
