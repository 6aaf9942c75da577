"""A file for each family of formats: from packed bytes to the texts in them."""
