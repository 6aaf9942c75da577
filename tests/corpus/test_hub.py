"""Data sets of the hub by name; a stand-in for the library shows what is asked of it."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from zaohua.corpus import hub
from zaohua.settings import UserError


class Errors:
    class HTTPError(Exception):
        pass

    class HFValidationError(ValueError):
        pass

    class HfHubHTTPError(HTTPError, OSError):
        pass

    class RepositoryNotFoundError(HfHubHTTPError):
        pass

    class GatedRepoError(RepositoryNotFoundError):
        pass

    class RevisionNotFoundError(HfHubHTTPError):
        pass


def library(files: list[str], converted: list[str] | None = None, fails: Exception | None = None, size: int = 1):
    asked = []

    class HfApi:
        def dataset_info(self, name, revision=None):
            if fails:
                raise fails
            if revision and converted is None:
                raise Errors.RevisionNotFoundError("none")
            return SimpleNamespace(sha="converted" if revision else "abc")

        def list_repo_tree(self, name, recursive, repo_type, revision):
            yield SimpleNamespace(path="zh")  # a folder
            for number, file in enumerate(converted if revision == "converted" else files):
                yield SimpleNamespace(path=file, size=size * (number + 1))

    def hf_hub_download(name, file, repo_type, revision, local_dir):
        asked.append((name, file, revision))
        return str(Path(local_dir) / file)

    return SimpleNamespace(HfApi=HfApi, hf_hub_download=hf_hub_download, errors=Errors, asked=asked)


FILES = [
    ".gitattributes",
    "README.md",
    "dataset_infos.json",
    "en/train.jsonl",
    "zh/b.parquet",
    "zh/a.parquet",
    "zh-old.txt",
    "run.py",
]


def test_all_readable_files_are_fetched_in_order_at_one_revision(tmp_path):
    fake = library(FILES)
    found = hub.fetch("hf:org/name", tmp_path, 10**9, fake)
    assert [name for _, name in found] == [
        f"org/name/{f}" for f in ("en/train.jsonl", "zh-old.txt", "zh/a.parquet", "zh/b.parquet")
    ]
    assert {revision for *_, revision in fake.asked} == {"abc"}
    assert all(tmp_path in path.parents for path, _ in found)


@pytest.mark.parametrize(
    ("size", "few", "fetched"),
    [
        (1, 100, ["en/train.jsonl", "zh-old.txt", "zh/a.parquet", "zh/b.parquet"]),
        (1, 2, ["en/train.jsonl", "zh/b.parquet"]),
        (5 * 2**20, 100, ["en/train.jsonl", "zh/b.parquet"]),
        (10**8, 100, ["en/train.jsonl"]),
    ],
)
def test_a_dry_run_fetches_what_is_small(tmp_path, size, few, fetched):
    found = hub.fetch("hf:org/name", tmp_path, 10**9, library(FILES, size=size), few=few)
    assert [name for _, name in found] == [f"org/name/{file}" for file in fetched]


def test_a_subset_is_a_folder_or_how_names_begin(tmp_path):
    found = hub.fetch("hf:org/name:zh", tmp_path, 10**9, library(FILES))
    assert [name for _, name in found] == [f"org/name/{f}" for f in ("zh-old.txt", "zh/a.parquet", "zh/b.parquet")]


def test_where_nothing_can_be_read_the_hubs_parquet_form_is(tmp_path):
    fake = library(["README.md", "script.py"], ["default/train/0000.parquet"])
    assert [name for _, name in hub.fetch("hf:name", tmp_path, 10**9, fake)] == ["name/default/train/0000.parquet"]
    assert fake.asked == [("name", "default/train/0000.parquet", "converted")]


@pytest.mark.parametrize(
    ("source", "fake", "said"),
    [
        ("hf:", library([]), "write hf:NAME"),
        ("hf:../../x", library([]), "write hf:NAME"),
        ("hf:a/b", library(["README.md"]), "has no files that can be read"),
        ("hf:a/b:fr", library(FILES), "no subset fr .*its folders are en, zh"),
        ("hf:a/b", library(FILES, size=10**8), "hf:a/b has 2,200,000,000 bytes, more than the 1,000,000,000"),
        ("hf:a/b", library([], fails=Errors.GatedRepoError("x")), "given only to those who asked"),
        ("hf:a/b", library([], fails=Errors.RepositoryNotFoundError("x")), "there is no data set a/b"),
        ("hf:a/b", library([], fails=OSError("offline\nlong")), r"could not be fetched \(offline\)"),
        ("hf:a/b", library([], fails=Errors.HTTPError("no answer")), r"could not be fetched \(no answer\)"),
        ("hf:a/b", library([], fails=RuntimeError("no block")), r"could not be fetched \(no block\)"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(tmp_path, source, fake, said):
    with pytest.raises(UserError, match=said):
        hub.fetch(source, tmp_path, 10**9, fake)
    assert fake.asked == []


@pytest.mark.parametrize(
    ("source", "said"),
    [("hf:a/b", r"hf:a/b could not be fetched \(.*\): try again"), ("hf:a..b/c", "names no data set"),
     ("hf:-a/b", "names no data set")],
)  # fmt: skip
def test_what_the_library_itself_raises_is_one_sentence(tmp_path, source, said):
    real, errors = pytest.importorskip("huggingface_hub"), pytest.importorskip("huggingface_hub.errors")
    nobody = SimpleNamespace(HfApi=lambda: real.HfApi(endpoint="https://127.0.0.1:9"), errors=errors)
    with pytest.raises(UserError, match=said):
        hub.fetch(source, tmp_path, 10**9, nobody)


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UserError, match="the extra hub"):
        hub.fetch("hf:a/b", tmp_path, 10**9)
