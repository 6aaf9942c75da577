"""Damage of every kind to a checkpoint is noticed, and the older one is taken by itself."""

import itertools
import os
import random
import shutil
from pathlib import Path

import pytest

from tests.training.test_checkpoints import written
from zaohua.training import checkpoints

FLIPS = int(os.environ.get("ZAOHUA_FLIPS", "300"))
OLDER, NEWER = checkpoints.name_of(3), checkpoints.name_of(7)


@pytest.fixture
def place(tmp_path):
    """Two checkpoints of different weights."""
    written(tmp_path / "good", 3, seed=0)
    written(tmp_path / "good", 7, seed=1)
    return tmp_path / "good"


def files_of(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def noticed(place: Path) -> bool:
    """Whether the newer one is passed over for the older, and why is said."""
    found = checkpoints.newest(place)
    return found.step == 3 and len(found.rejected) == 1


def test_undamaged_the_newer_one_is_taken(place):
    assert checkpoints.newest(place).step == 7


def test_no_flipped_bit_is_believed(place):
    rng = random.Random(0)
    files = files_of(place / NEWER)
    sizes = [path.stat().st_size for path in files]
    undetected = []
    for _ in range(FLIPS):
        path = rng.choices(files, sizes)[0] if rng.random() < 0.5 else rng.choice(files)
        data = bytearray(path.read_bytes())
        before, bit = bytes(data), rng.randrange(8 * len(data))
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        if not noticed(place):
            undetected.append((path.name, bit))
        path.write_bytes(before)
    assert not undetected
    print(f"{FLIPS:,} flipped bits, {len(undetected)} undetected")


def test_no_truncation_is_believed(place):
    rng = random.Random(1)
    files, count = files_of(place / NEWER), max(FLIPS // 10, 30)
    for number in range(count):
        path = files[number % len(files)]
        before = path.read_bytes()
        path.write_bytes(before[: rng.randrange(len(before))])
        assert noticed(place), (path.name, path.stat().st_size)
        path.write_bytes(before)
    print(f"{count:,} truncations, 0 undetected")


def test_no_missing_file_is_overlooked(place):
    for path in files_of(place / NEWER):
        before = path.read_bytes()
        path.unlink()
        assert noticed(place), path.name
        path.write_bytes(before)


def test_no_file_of_another_step_or_in_another_s_place_is_believed(place):
    names = [path.name for path in files_of(place / NEWER) if path.suffix == ".safetensors"]
    for name in (*names, "state.json", "manifest.json"):  # a stale file from the older step
        before = (place / NEWER / name).read_bytes()
        stale = (place / OLDER / name).read_bytes()
        if stale != before:
            (place / NEWER / name).write_bytes(stale)
            assert noticed(place), name
            (place / NEWER / name).write_bytes(before)
    for first, second in itertools.pairwise(names):
        one, two = place / NEWER / first, place / NEWER / second
        content = one.read_bytes(), two.read_bytes()
        one.write_bytes(content[1])
        two.write_bytes(content[0])
        assert noticed(place), (first, second)
        one.write_bytes(content[0])
        two.write_bytes(content[1])
    shutil.rmtree(place / NEWER)
    shutil.copytree(place / OLDER, place / NEWER)
    assert noticed(place), "the whole older one under the newer one's name"
