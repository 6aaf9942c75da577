"""Text to ids and back: byte-level BPE that loses nothing and cannot be forged."""
