"""Properties of the corpus are checked without a clock."""
