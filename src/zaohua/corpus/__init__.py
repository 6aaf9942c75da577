"""Text in, clean text out, with what was removed and why."""
