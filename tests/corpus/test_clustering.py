"""Duplicates over any number of files: found as in one list, however documents are spread, cut and compared."""

import random
from pathlib import Path

import numpy as np
import pytest

from zaohua.corpus import arrays, clustering, sketches
from zaohua.corpus.clustering import cluster_tasks, functions, partitions_for, sketch_tasks, standing
from zaohua.corpus.components import clusters
from zaohua.corpus.edges import edges, verified
from zaohua.corpus.engine import merging
from zaohua.corpus.engine.local import InProcess
from zaohua.corpus.engine.schedule import run
from zaohua.corpus.signatures import NearDuplicates, signatures
from zaohua.corpus.sketches import KeyWriter, read_batches, read_keys, write_sketch

HAN = [chr(code) for code in range(0x4E00, 0x5200)]
WORDS = [f"{a}{b}" for a in ("ba", "de", "ki", "lo", "mu", "ra") for b in ("n", "st", "ver", "ling", "ton", "p")]


def corpus(count: int, seed: int = 0) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Ids in no order, dedup keys and characters: half Chinese, one in five a copy, one in five an edited copy."""
    rng = random.Random(seed)
    keys: list[str] = []
    for number in range(count):
        kind = rng.random()
        chinese = number % 2 == 0
        if number > 10 and kind < 0.4:
            source = keys[rng.randrange(0, number - 2) // 2 * 2 + number % 2]
            if kind < 0.2:
                place = rng.randrange(max(len(source), 1))
                source = source[:place] + ("改" if chinese else "") + source[place + 1 :]
            keys.append(source)
        elif kind > 0.97:
            keys.append("" if kind > 0.985 else "短")
        else:
            keys.append(
                "".join(rng.choices(HAN, k=rng.randrange(20, 400)))
                if chinese
                else " ".join(rng.choices(WORDS, k=rng.randrange(10, 200)))
            )
    ids = np.array(rng.sample(range(count * 10), count), dtype=np.uint64) << np.uint64(40)
    return ids, keys, np.arange(count) % 2 == 0


def write_keys(path: Path, ids: np.ndarray, keys: list[str], characters: np.ndarray) -> None:
    """A file of keys."""
    with KeyWriter(path) as file:
        for each in zip(ids.tolist(), keys, characters.tolist(), strict=True):
            file.add(each[0], each[1], characters=each[2])


def by_tasks(
    folder: Path,
    documents: tuple[np.ndarray, list[str], np.ndarray],
    settings: NearDuplicates,
    *,
    files: int = 1,
    partitions: int = 1,
) -> dict[str, list]:
    """What the tasks find when the documents lie in so many files, each another range of ids."""
    ids, keys, characters = documents
    folder.mkdir()
    names = []
    for number, part in enumerate(np.array_split(np.argsort(ids), files)):
        names.append(f"keys-{number}")
        write_keys(folder / names[-1], ids[part], [keys[i] for i in part], characters[part])
    first = sketch_tasks(names, settings, partitions, "near", near=[True] * len(names))
    sketches = [task.outputs[0] for task in first]
    tasks = [*first, *cluster_tasks(sketches, names, settings, partitions, "near")]
    run(random.Random(files).sample(tasks, len(tasks)), functions(), folder, InProcess())
    return {name: array.tolist() for name, array in arrays.read(folder / "near/clusters").items()}


def in_one_list(documents: tuple[np.ndarray, list[str], np.ndarray], settings: NearDuplicates) -> dict[str, list]:
    """The same without files: equal keys by a dict, near ones by the functions, and the pairs joined."""
    ids, keys, characters = documents
    near = edges(*signatures(keys, characters, ids, settings), neighbours=4 if settings.verify else 0)
    place = {id: number for number, id in enumerate(ids.tolist())}
    if settings.verify:

        def look_up(some: np.ndarray) -> tuple[list[str], np.ndarray]:
            rows = [place[id] for id in some.tolist()]
            return [keys[row] for row in rows], characters[rows]

        sizes = np.array([len(key.encode()) for key in keys])
        near = verified(near, look_up, settings, sizes=lambda some: sizes[[place[id] for id in some.tolist()]])
    groups: dict[str, list[int]] = {}
    for id in sorted(ids.tolist()):
        groups.setdefault(keys[place[id]].replace(" ", ""), []).append(id)
    exact = [(group[0], other) for group in groups.values() for other in group[1:]]
    pairs = np.concatenate([near, np.array(exact, dtype=np.uint64).reshape(-1, 2)])
    lengths = np.array([len(keys[place[id]]) for id in np.unique(pairs).tolist()])
    found = clusters(pairs, lengths if settings.keep == "longest" else None)
    copies = {other for _, other in exact}
    return {
        "id": found.ids.tolist(),
        "cluster": found.clusters.tolist(),
        "size": found.sizes.tolist(),
        "kept": found.kept.tolist(),
        "exact": [id in copies for id in found.ids.tolist()],
    }


@pytest.mark.parametrize(
    "settings",
    [NearDuplicates(), NearDuplicates(keep="longest"), NearDuplicates(characters=5, words=3, verify=0.95)],
    ids=["first", "longest", "verified"],
)
def test_files_partitions_and_merging_change_nothing(tmp_path, settings, monkeypatch):
    documents = corpus(120)
    expected = in_one_list(documents, settings)
    assert len(expected["id"]) > 50
    assert 5 < sum(expected["exact"]) < len(expected["id"])
    for number, options in enumerate(({}, {"files": 7, "partitions": 3}, {"files": 9, "partitions": 2})):
        assert by_tasks(tmp_path / str(number), documents, settings, **options) == expected
        monkeypatch.setattr(merging, "MERGED", 2)
        monkeypatch.setattr(clustering, "_VERIFIERS", 2)
    assert (tmp_path / "2/near/merged/000004").exists()


def test_each_file_is_told_how_its_documents_stand(tmp_path):
    documents = corpus(120)
    found = by_tasks(tmp_path / "a", documents, NearDuplicates(), files=2)
    ids = documents[0]
    kept, sizes, exact = standing(tmp_path / "a/near/clusters", ids)
    rows = {id: row for row, id in enumerate(found["id"])}
    for id, keeper, size, copy in zip(*(column.tolist() for column in (ids, kept, sizes, exact))):
        row = rows.get(id)
        assert (keeper, size, copy) == (
            (id, 1, False) if row is None else tuple(found[name][row] for name in ("kept", "size", "exact"))
        )
    assert set(kept.tolist()) < set(ids.tolist())


def test_nothing_to_compare_is_no_cluster(tmp_path):
    nothing = (np.zeros(0, dtype=np.uint64), [], np.zeros(0, dtype=bool))
    assert by_tasks(tmp_path / "a", nothing, NearDuplicates(verify=0.7), partitions=2)["id"] == []
    ids = np.array([3], dtype=np.uint64)
    assert by_tasks(tmp_path / "b", (ids, ["一"], np.array([True])), NearDuplicates(keep="longest"))["id"] == []
    assert [column.tolist() for column in standing(tmp_path / "b/near/clusters", ids)] == [[3], [1], [False]]


def test_keys_are_read_as_they_were_written_in_any_choice(tmp_path):
    keys = ["", "一 二", "three", "\ud800"]
    write_keys(tmp_path / "keys", np.array([2, 4, 6, 8], dtype=np.uint64), keys, np.array([1, 1, 0, 0], dtype=bool))
    assert [batch[1] for batch in read_batches(tmp_path / "keys")] == [keys]
    ids, some, characters = read_keys(tmp_path / "keys", np.array([8, 2, 4], dtype=np.uint64))
    assert (ids.tolist(), some, characters.tolist()) == ([8, 2, 4], ["\ud800", "", "一 二"], [False, True, True])


def test_a_sketch_does_not_depend_on_how_many_keys_are_in_memory_together(tmp_path, monkeypatch):
    ids, keys, characters = corpus(200)
    order = np.argsort(ids)
    write_keys(tmp_path / "keys", ids[order], [keys[i] for i in order], characters[order])

    def written(together: int) -> tuple[int, bytes]:
        monkeypatch.setattr(sketches, "_TOGETHER", together)
        batches = list(read_batches(tmp_path / "keys"))
        write_sketch(tmp_path / "sketch", batches, NearDuplicates(), 3)
        return len(batches), (tmp_path / "sketch").read_bytes()

    counts, contents = zip(*map(written, (2**22, 1000, 1)), strict=True)
    assert counts[0] == 1 < counts[1] < counts[2] == 200
    assert len(set(contents)) == 1


def test_keys_leave_nothing_behind_but_their_file(tmp_path):
    write_keys(tmp_path / "keys", np.arange(3, dtype=np.uint64), ["a", "b", "c"], np.zeros(3, dtype=bool))
    with pytest.raises(AttributeError), KeyWriter(tmp_path / "broken") as file:
        file.add(1, None, characters=False)  # pyright: ignore[reportArgumentType] - it is to fail
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_only_what_a_setting_touches_is_done_again():
    def outputs(settings: NearDuplicates) -> list[tuple]:
        tasks = sketch_tasks(["keys"], settings, 2, "near", near=[True]) + cluster_tasks(
            ["near/sketch/000000"], ["keys"], settings, 2, "near"
        )
        return [(task.function, task.settings) for task in tasks]

    default, longest = outputs(NearDuplicates()), outputs(NearDuplicates(keep="longest"))
    assert [a[0] for a, b in zip(default, longest, strict=True) if a != b] == ["duplicate_clusters"]
    loose, strict = outputs(NearDuplicates(verify=0.5)), outputs(NearDuplicates(verify=0.9))
    assert {a[0] for a, b in zip(loose, strict, strict=True) if a != b} == {"verified_edges"}
    assert default[0] == loose[0]


def test_partitions_keep_within_the_memory_given():
    assert partitions_for(0, NearDuplicates(), 2**30) == 1
    count = partitions_for(10**9, NearDuplicates(), 2**30)
    tasks = cluster_tasks(["a"], [], NearDuplicates(), count, "near", documents=10**9)
    assert 2**29 < max(task.memory for task in tasks if task.function == "duplicate_edges") <= 2**30


def test_verifying_names_no_file_of_keys_in_more_tasks_than_can_be_listed():
    keys = [f"keys-{number}" for number in range(1000)]
    tasks = cluster_tasks(["a"], keys, NearDuplicates(verify=0.7), 5000, "near", documents=10**9)
    assert len([task for task in tasks if task.function == "verified_edges"]) == 256
    assert all(task.memory > 0 for task in tasks)


def test_as_many_sketches_are_merged_at_once_as_memory_holds():
    names, settings = [f"sketch-{number}" for number in range(1000)], NearDuplicates()
    made = cluster_tasks(names, [], settings, 4, "near", documents=10**8)
    merged = [task for task in made if task.function == "merged_sketches"]
    assert sorted(name for task in merged for name in task.inputs) == sorted(names)
    assert all(0 < task.memory <= 2**30 for task in merged)
    small = cluster_tasks(names, [], settings, 4, "near", documents=10**6)
    assert max(len(task.inputs) for task in small if task.function == "merged_sketches") == 64
