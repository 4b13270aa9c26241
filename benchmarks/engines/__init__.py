"""What it costs to stand before an engine."""
