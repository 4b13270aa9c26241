"""What the documentation has beside the files in docs/: pages of other folders, and the reference."""
