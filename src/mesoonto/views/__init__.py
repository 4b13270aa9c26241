"""What a page about an entity shows, computed from a dataset: values, for whoever draws them."""
