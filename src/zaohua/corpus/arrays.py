"""Named arrays in one file, which is mapped, not read: what tasks that compare documents leave for one another."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

_MAGIC = b"zaohua arrays 1\n"
_ALIGNMENT = 64


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Arrays of numbers of any shape into one file; equal arrays give equal bytes."""
    entries, place = [], 0
    for name, array in arrays.items():
        entries.append([name, array.dtype.newbyteorder("<").str, list(array.shape), place])
        place += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
    header = json.dumps({"arrays": entries, "size": place}).encode()
    header += b" " * (-(len(_MAGIC) + 8 + len(header)) % _ALIGNMENT)
    with path.open("wb") as file:
        file.write(_MAGIC + len(header).to_bytes(8, "little") + header)
        for (_, dtype, _, _), array in zip(entries, arrays.values(), strict=True):
            np.ascontiguousarray(array, dtype=dtype).tofile(file)
            file.write(b"\0" * (-array.nbytes % _ALIGNMENT))


def read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file, mapped, not to be written to; raises ValueError where the file is cut or none of ours."""
    with path.open("rb") as file:
        magic, length = file.read(len(_MAGIC)), int.from_bytes(file.read(8), "little")
        if magic != _MAGIC:
            raise ValueError(f"{path} is no file of arrays")
        header = json.loads(file.read(length))
    content = np.memmap(path, mode="r")[len(_MAGIC) + 8 + length :]
    if len(content) != header["size"]:
        raise ValueError(f"{path} is cut: it holds {len(content)} bytes instead of {header['size']}")
    found = {}
    for name, dtype, shape, place in header["arrays"]:
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        found[name] = content[place : place + size].view(dtype).reshape(shape).view(np.ndarray)
    return found
