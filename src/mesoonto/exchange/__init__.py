"""Records in the formats that others of the field read, and theirs as records here; what is lost is told."""
