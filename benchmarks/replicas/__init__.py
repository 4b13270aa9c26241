"""How long a switch of versions holds up requests."""
