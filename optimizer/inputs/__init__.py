"""A problem as the data of the model's symbols; each file fills the symbols of a few components and terms."""
