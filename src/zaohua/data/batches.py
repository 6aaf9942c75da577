"""Rows of tokens as one batch of tensors, with its targets counted on the host."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.profiler import record_function

from zaohua.data.rows import IGNORED, RowSource


@dataclass(frozen=True, kw_only=True)
class Batch:
    """ids, labels, positions, documents (rows, time) int64; labels may be IGNORED; counts: targets of each term."""

    ids: Tensor
    labels: Tensor
    positions: Tensor | None = None
    documents: Tensor | None = None
    counts: Mapping[str, int]

    def to(self, device: torch.device) -> "Batch":
        """The same batch with its tensors on `device`."""

        def move(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor.to(device, non_blocking=True)

        return Batch(
            ids=self.ids.to(device, non_blocking=True),
            labels=self.labels.to(device, non_blocking=True),
            positions=move(self.positions),
            documents=move(self.documents),
            counts=self.counts,
        )


def make_batch(rows: RowSource, indices: np.ndarray) -> Batch:
    """Row numbers (n,) -> those rows as one batch (n, time), on the CPU.

    Where each row is of one document, documents and positions say nothing that attention does not know, and are left
    out: it then takes its faster way.
    """
    with record_function("zaohua/loading"):
        arrays = rows.batch(indices)
        if (arrays["documents"] == arrays["documents"][:, :1]).all():
            arrays = {name: arrays[name] for name in ("ids", "labels")}
        count = int(np.count_nonzero(arrays["labels"] != IGNORED))
        tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
        return Batch(counts={"loss": count, "z": count}, **tensors)
