"""Watching a run: what its log says, shown. Nothing here can stop or change a run."""
