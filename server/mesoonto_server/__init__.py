"""HTTP for mesoonto."""
