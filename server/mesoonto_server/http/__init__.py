"""HTTP in no process: parameters, headers, negotiation, problems, bodies. Pure functions and values."""
