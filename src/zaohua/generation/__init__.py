"""ids -> more ids -> text."""
