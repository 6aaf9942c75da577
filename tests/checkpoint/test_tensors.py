"""Our writer of safetensors: what others read is what was given, and the digest is that of the file."""

import hashlib

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from zaohua.checkpoint.tensors import write_tensors
from zaohua.settings import UserError

GIVEN = {
    "b": torch.randn(3, 5, generator=torch.Generator().manual_seed(0)).bfloat16(),
    "名字": torch.arange(7, dtype=torch.uint8),
    "scalar": torch.tensor(3.5, dtype=torch.float64),
    "none": torch.zeros(0, 4),
    "turned": torch.arange(12, dtype=torch.float32).reshape(3, 4).T,
    "flags": torch.tensor([True, False, True]),
    "step": torch.tensor([2**40]),
    "odd": torch.ones(1, dtype=torch.float16),
}


def test_the_library_reads_what_was_given(tmp_path):
    written = write_tensors(tmp_path / "a.safetensors", GIVEN, {"format": "pt"})
    data = (tmp_path / "a.safetensors").read_bytes()
    assert written == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    read = load_file(tmp_path / "a.safetensors")
    assert read.keys() == GIVEN.keys()
    for name, tensor in GIVEN.items():
        assert read[name].dtype == tensor.dtype, name
        assert torch.equal(read[name], tensor), name
    with safe_open(tmp_path / "a.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}


def test_each_tensor_begins_at_a_multiple_of_its_elements(tmp_path):
    """Else programs that map the file would read across borders."""
    write_tensors(tmp_path / "a.safetensors", GIVEN)
    data = (tmp_path / "a.safetensors").read_bytes()
    assert int.from_bytes(data[:8], "little") % 8 == 0


def test_no_tensor_at_all(tmp_path):
    write_tensors(tmp_path / "a.safetensors", {})
    assert load_file(tmp_path / "a.safetensors") == {}


def test_a_full_disk_leaves_nothing(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"before")

    def no_room(*_):
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zaohua.folders.os.fsync", no_room)
        with pytest.raises(UserError, match="the disk is full"):
            write_tensors(tmp_path / "a.safetensors", GIVEN)
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]
    assert (tmp_path / "a.safetensors").read_bytes() == b"before"
