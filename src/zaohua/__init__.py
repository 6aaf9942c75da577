"""Zaohua: a folder of text becomes your own GPT."""
