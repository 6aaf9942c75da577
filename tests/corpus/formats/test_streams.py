"""Packed files unpack from any place within bounds; bombs and damage end them in one sentence."""

import bz2
import gzip
import lzma
import tracemalloc

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.formats.contents import Span, of_bytes
from zaohua.corpus.formats.items import Noted, SetAsideError
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import DAMAGED, Unpacked, opened, whole

PACKERS = {"gz": gzip.compress, "zst": zstandard.compress, "bz2": bz2.compress, "xz": lzma.compress}
SMALL = ReadingSettings(largest_document=2**16)


def drain(stream: Unpacked) -> None:
    while stream.read(2**16):
        pass


@pytest.mark.parametrize("ending", PACKERS)
def test_streams_one_behind_the_other_are_one_file(ending):
    data = b"".join(PACKERS[ending](part) for part in (b"first ", b"", b"second ", b"third"))
    assert whole(of_bytes(data, "a", f"a.txt.{ending}"), SMALL, Noted()) == b"first second third"


@given(
    st.binary(max_size=600),
    st.integers(0, 700),
    st.integers(0, 700),
    st.sampled_from(["", *PACKERS]),
    st.integers(1, 5),
)
def test_any_span_can_be_read_alone_from_the_last_restart(data, one, other, ending, streams):
    start, end = sorted((min(one, len(data)), min(other, len(data))))
    step = max(len(data) // streams, 1)
    parts = [data[at : at + step] for at in range(0, len(data), step)] or [b""]
    packed = b"".join(map(PACKERS[ending], parts)) if ending else data
    content = of_bytes(packed, "a", f"a.txt.{ending}" if ending else "a.txt")
    with opened(content, SMALL, Noted()) as stream:
        assert stream.readall() == data
        seek, seek_at = stream.restart_before(start)
    assert seek_at <= start
    with opened(content, SMALL, Noted(), Span(start, end, 1, seek, seek_at)) as stream:
        lines = list(iter(stream.readline, b""))
    assert b"".join(lines) == data[start:end]
    assert all(b"\n" not in line[:-1] for line in lines)


@pytest.mark.parametrize("ending", PACKERS)
def test_a_bomb_ends_early_and_in_little_memory(ending):
    bomb = PACKERS[ending](bytes(64 * 2**20))
    tracemalloc.start()
    with (
        opened(of_bytes(bomb, "a", f"a.txt.{ending}"), SMALL, Noted()) as stream,
        pytest.raises(SetAsideError, match="more than 250 times its size"),
    ):
        drain(stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 * 2**20
    assert stream.tell() < 24 * 2**20


def test_text_that_packs_well_is_no_bomb():
    data = b"".join(b"The cat number %d sat on the mat.\n" % (n % 50) for n in range(20_000))
    for ending, pack in PACKERS.items():
        if ending in ("gz", "bz2"):
            assert whole(of_bytes(pack(data), "a", f"a.txt.{ending}"), ReadingSettings(), Noted()) == data


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("damage", ["cut", "changed", "garbage"])
def test_damage_is_told_and_told_again(ending, damage):
    checked = zstandard.ZstdCompressor(write_checksum=True).compress
    sound = (checked if ending == "zst" else PACKERS[ending])(bytes(range(256)) * 40)
    data = {
        "cut": sound[:-9],
        "changed": sound[:30] + b"\xff\x00\xaa" * 9 + sound[57:],
        "garbage": sound + b"garbage" * 9,
    }
    with opened(of_bytes(data[damage], "a", f"a.txt.{ending}"), SMALL, Noted()) as stream:
        for _ in range(2):
            with pytest.raises(DAMAGED):
                drain(stream)


def test_zeros_behind_a_gzip_file_are_filling():
    content = of_bytes(gzip.compress(b"text") + bytes(900), "a", "a.txt.gz")
    assert whole(content, SMALL, Noted()) == b"text"


def test_what_is_larger_than_a_document_is_not_held():
    with pytest.raises(SetAsideError, match="larger than 65,536 bytes"):
        whole(of_bytes(b"x" * 70_000, "a", "a.html"), SMALL, Noted())


def test_a_frame_that_looks_back_far_is_read_where_its_memory_is_allowed():
    frame = bytearray((packer := zstandard.ZstdCompressor().compressobj()).compress(b"text " * 99) + packer.flush())
    assert not frame[4] & 0x20  # its size is not told, so its window is
    frame[5] = (31 - 10) << 3  # as of zstd --long=31
    content = of_bytes(bytes(frame), "a", "a.txt.zst")
    with pytest.raises(SetAsideError, match=r"over 134,217,728 bytes \(largest_window\)"):
        whole(content, SMALL, Noted())
    assert whole(content, ReadingSettings(largest_window=2**31), Noted()) == b"text " * 99
