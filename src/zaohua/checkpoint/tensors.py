"""Tensors in a safetensors file, hashed while they are written: no copy of them is made, and none is read again."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from zaohua import folders

_NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
_ALIGNMENT = 8  # bytes at which the format lets tensors begin
_CHUNK = 8 * 2**20  # bytes between two looks at the disk


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> folders.Written:
    """Tensors by name into one file, durably; its size and digest. Raises UserError where the disk is full."""
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))  # each is aligned to its elements
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name in order:
        tensor, begin = tensors[name], end
        end += tensor.numel() * tensor.element_size()
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end]}
    told = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    told += b" " * (-len(told) % _ALIGNMENT)
    hashed = hashlib.sha256()
    with folders.creating(path) as file:
        for part in (len(told).to_bytes(8, "little"), told):
            hashed.update(part)
            file.write(part)
        for name in order:
            content = _bytes_of(tensors[name]).numpy().data
            for begin in range(0, len(content), _CHUNK):
                hashed.update(content[begin : begin + _CHUNK])
                file.write(content[begin : begin + _CHUNK])
    return {"size": 8 + len(told) + end, "sha256": hashed.hexdigest()}


def _bytes_of(tensor: Tensor) -> Tensor:
    """A tensor's content, (bytes,) uint8, in memory of the host; copied only where it lies elsewhere or with gaps."""
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
