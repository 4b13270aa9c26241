"""What can be asked of the knowledge: questions and counts."""
