"""Our own training step on plain rows: what keeping the documents of a row apart costs."""

from systems.zaohua import train_plain as train

__all__ = ["train"]
