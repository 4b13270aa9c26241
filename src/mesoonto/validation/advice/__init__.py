"""What helps somebody who validates: suggestions, doubts, coverage, self-test."""
