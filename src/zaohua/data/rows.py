"""Rows of tokens that can be asked for by number."""

from typing import Protocol

import numpy as np

IGNORED = -100
"""A label that no loss counts."""


class RowSource(Protocol):
    """Packed documents, or packed examples."""

    def __len__(self) -> int: ...

    def batch(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Row numbers (n,) -> ids, labels, positions, documents, each (n, time) int64."""
        ...
