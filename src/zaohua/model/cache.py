"""Keys and values already computed, one row per sequence in flight."""

from collections.abc import Sequence

import torch
from torch import Tensor

from zaohua.model.config import TransformerConfig


class KeyValueCache:
    """Row r holds `lengths[r]` tokens, so rows may stand at different positions; a token's slot is its position.

    keys, values: (layers, rows, kv_heads, capacity, head_dim). `longest` is the host's upper bound of `lengths`:
    attention looks at that many slots, and nobody has to ask the device.
    """

    def __init__(
        self,
        config: TransformerConfig,
        rows: int,
        capacity: int,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if capacity > config.max_length:
            raise ValueError(f"a cache of {capacity} tokens is longer than the model's max_length {config.max_length}")
        shape = (config.layers, rows, config.kv_heads, capacity, config.head_dim)
        self.keys = torch.zeros(shape, device=device, dtype=dtype)
        self.values = torch.zeros(shape, device=device, dtype=dtype)
        self.lengths = torch.zeros(rows, device=device, dtype=torch.long)
        self.longest = 0

    @property
    def capacity(self) -> int:
        return self.keys.shape[3]

    def positions(self, time: int) -> Tensor:
        """Where the next `time` tokens of each row go, (rows, time)."""
        return self.lengths[:, None] + torch.arange(time, device=self.lengths.device)

    def write(self, layer: int, positions: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Store key and value (rows, kv_heads, time, head_dim) at positions (rows, time); return all in use.

        What comes back is (rows, kv_heads, longest + time, head_dim), a view of the cache.
        """
        end = self.longest + key.shape[2]
        if end > self.capacity:
            raise ValueError(f"the cache has room for {self.capacity} tokens a row, not for {end}")
        for stored, new in ((self.keys[layer], key), (self.values[layer], value)):
            if self.longest == 0:
                stored[:, :, :end] = new
            else:
                rows = torch.arange(len(positions), device=positions.device)[:, None]
                stored[rows, :, positions] = new.transpose(1, 2).to(stored.dtype)  # (rows, time, kv_heads, head_dim)
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]

    def advance(self, time: int, padding: Tensor | None = None) -> None:
        """Count the tokens just written: `time` per row, or what is real in padding (rows, time), which ends rows."""
        self.lengths = self.lengths + (time if padding is None else padding.sum(1))
        self.longest += time

    def keep(self, rows: Sequence[int], longest: int) -> None:
        """Go on with these rows only, in this order, of which none is longer than `longest`.

        Only rows that change their place are copied.
        """
        moved = [(target, source) for target, source in enumerate(rows) if target != source]
        if moved:
            to, of = torch.tensor(moved, device=self.lengths.device).T
            for stored in (self.keys, self.values):
                stored[:, to, :, :longest] = stored[:, of, :, :longest]
            self.lengths[to] = self.lengths[of]
        self.keys, self.values = self.keys[:, : len(rows)], self.values[:, : len(rows)]
        self.lengths, self.longest = self.lengths[: len(rows)], longest
