"""HTTP for mesoonto: turns requests into jobs for workers and their answers into responses."""
