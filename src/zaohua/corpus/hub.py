"""Data sets of the Hugging Face hub, by name; nothing of a data set is ever run."""

import itertools
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from zaohua.corpus.formats.kinds import READABLE, READABLE_CHINESE, ends_of
from zaohua.settings import UserError

_NAME = re.compile(r"hf:([\w.-]+(?:/[\w.-]+)?)(?::([\w./ -]+))?")
_CONVERTED = "refs/convert/parquet"  # where the hub keeps its own Parquet form of data sets
_TASTE = 64 * 2**20  # bytes of a data set that a quick look fetches, if its smallest file has not more
_ABOUT = ("readme", "license", "changelog", "contributing", "dataset_infos", "dataset_info", "citation")


def fetch(
    source: str, cache: Path, largest: int, library: Any = None, *, few: int | None = None
) -> list[tuple[Path, str]]:
    """The readable files of `hf:NAME` or `hf:NAME:SUBSET` below `cache`, with their names; with `few` only small ones.

    Raises UserError, also where they have more than `largest` bytes. `library` stands in for huggingface_hub in tests.
    """
    match = _NAME.fullmatch(source)
    if match is None:
        raise _unnamed(source)
    name, subset = match.group(1), match.group(2) or ""
    hub = library or _library()
    try:
        revision, sizes = _listed(hub, name, subset)
        files = list(sizes) if few is None else _smallest(sizes, few)
        if (size := sum(sizes[file] for file in files)) > largest:
            raise UserError(
                f"{source} has {size:,} bytes, more than the {largest:,} that are fetched: "
                f"name a part of it (hf:NAME:SUBSET), or set web.largest_dataset",
                f"{source} 有 {size:,} 字节，超过至多下载的 {largest:,} 字节："
                f"请只取其中一部分（hf:NAME:SUBSET），或改设置 web.largest_dataset",
            )
        return [
            (
                Path(
                    hub.hf_hub_download(
                        name, file, repo_type="dataset", revision=revision, local_dir=cache / name / revision
                    )
                ),
                f"{name}/{file}",
            )
            for file in files
        ]
    except hub.errors.GatedRepoError:
        raise UserError(
            f"{name} is given only to those who asked its owners: do so on its page, then `hf auth login`",
            f"{name} 只对向所有者申请过的人开放：请在它的页面上申请，然后运行 `hf auth login`",
        ) from None
    except hub.errors.RepositoryNotFoundError:
        raise UserError(
            f"there is no data set {name} on the hub: look its name up on huggingface.co/datasets",
            f"hub 上没有数据集 {name}：请在 huggingface.co/datasets 上查它的名字",
        ) from None
    except hub.errors.HFValidationError:
        raise _unnamed(source) from None
    except (hub.errors.HTTPError, OSError, RuntimeError) as error:  # nobody answers; or its downloader fails
        said = str(error).partition("\n")[0]
        raise UserError(
            f"{source} could not be fetched ({said}): try again, or give its files by their folder",
            f"无法获取 {source}（{said}）：请重试，或给出存放其文件的文件夹",
        ) from None


def _unnamed(source: str) -> UserError:
    return UserError(
        f"{source} names no data set: write hf:NAME or hf:NAME:SUBSET, such as hf:roneneldan/TinyStories",
        f"{source} 不是数据集的名字：请写 hf:NAME 或 hf:NAME:SUBSET，如 hf:roneneldan/TinyStories",
    )


def _library() -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.errors
    except ImportError:
        raise UserError(
            "hf: sources need the extra hub: pip install 'zaohua[hub]'",
            "hf: 来源需要附加组件 hub：请运行 pip install 'zaohua[hub]'",
        ) from None
    return huggingface_hub


def _listed(hub: Any, name: str, subset: str) -> tuple[str, dict[str, int]]:
    """(revision, bytes of each file) of a data set: its own where they can be read, else the hub's Parquet form."""
    api = hub.HfApi()

    def files_at(revision: str) -> dict[str, int]:
        tree = api.list_repo_tree(name, recursive=True, repo_type="dataset", revision=revision)
        return {each.path: each.size for each in tree if hasattr(each, "size")}  # a folder has none

    about = api.dataset_info(name)
    every = files_at(about.sha)
    if chosen := _chosen(every, subset):
        return about.sha, {file: every[file] for file in chosen}
    try:
        converted = api.dataset_info(name, revision=_CONVERTED).sha
        others = files_at(converted)
        if chosen := _chosen(others, subset):
            return converted, {file: others[file] for file in chosen}
    except hub.errors.RevisionNotFoundError:
        pass
    folders = sorted({part for file in every for part in PurePosixPath(file).parts[:-1]})
    english, chinese = (f"subset {subset}", f"子集 {subset}") if subset else ("files", "文件")
    if subset and folders:
        hint = f"; its folders are {', '.join(folders[:9])}", f"；它的文件夹有 {'、'.join(folders[:9])}"
    else:
        hint = f" of {READABLE}", f"；能读的文件有 {READABLE_CHINESE}"
    raise UserError(
        f"the data set {name} has no {english} that can be read{hint[0]}",
        f"数据集 {name} 里没有能读的{chinese}{hint[1]}",
    )


def _smallest(sizes: dict[str, int], most: int) -> list[str]:
    """Files for a quick look, in order of their names: the smallest, as many as come to little, or the one."""
    files = sorted(sizes, key=lambda file: (sizes[file], file))[:most]
    little = sum(held <= _TASTE for held in itertools.accumulate(sizes[file] for file in files))
    return sorted(files[: max(little, 1)])


def _chosen(files: Iterable[str], subset: str) -> list[str]:
    """The files that hold text, in order; those of the subset, which is a folder or how a file's name begins."""
    chosen = []
    for file in sorted(files):
        path = PurePosixPath(file)
        hidden = any(part.startswith(".") for part in path.parts)
        about = len(path.parts) == 1 and path.name.lower().partition(".")[0] in _ABOUT
        inside = (
            not subset or f"/{subset}/" in f"/{path.parent}/" or re.match(rf"{re.escape(subset)}(?:[-_.]|$)", path.name)
        )
        if ends_of(path.name)[0] != "unknown" and not hidden and not about and inside:
            chosen.append(file)
    return chosen
