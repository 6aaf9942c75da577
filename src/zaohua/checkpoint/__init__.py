"""A model on disk: the folder that other programs read too."""
