"""How fast the site answers and shows its pages."""
