"""Arrays in a file: the same when read, the same bytes when written again, and a cut file is noticed."""

import numpy as np
import pytest

from zaohua.corpus import arrays

CONTENT = {
    "ids": np.arange(7, dtype=np.uint64),
    "pairs": np.arange(6, dtype=np.uint64).reshape(3, 2)[:, ::-1],
    "none": np.zeros((0, 2), dtype=np.int64),
    "flags": np.array([True, False]),
}


def test_what_is_written_is_read(tmp_path):
    arrays.write(tmp_path / "a", CONTENT)
    found = arrays.read(tmp_path / "a")
    assert list(found) == list(CONTENT)
    for name, array in CONTENT.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert (found[name] == array).all()
    arrays.write(tmp_path / "b", found)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_cut_file_and_another_file_are_refused(tmp_path):
    arrays.write(tmp_path / "a", CONTENT)
    content = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(content[:-1])
    with pytest.raises(ValueError, match="cut"):
        arrays.read(tmp_path / "a")
    (tmp_path / "a").write_bytes(b"PK" + content)
    with pytest.raises(ValueError, match="no file of arrays"):
        arrays.read(tmp_path / "a")
