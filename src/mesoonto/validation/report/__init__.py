"""Results and findings, and the formats in which they are written."""
