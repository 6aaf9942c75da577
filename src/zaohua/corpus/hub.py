"""Data sets of the Hugging Face hub, by name; nothing of a data set is ever run."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from zaohua.corpus.formats.kinds import READABLE, READABLE_CHINESE, ends_of
from zaohua.settings import UserError

_NAME = re.compile(r"hf:([\w.-]+(?:/[\w.-]+)?)(?::([\w./ -]+))?")
_CONVERTED = "refs/convert/parquet"  # where the hub keeps its own Parquet form of data sets
_ABOUT = ("readme", "license", "changelog", "contributing", "dataset_infos", "dataset_info", "citation")


def fetch(source: str, cache: Path, library: Any = None) -> list[tuple[Path, str]]:
    """The readable files of `hf:NAME` or `hf:NAME:SUBSET` below `cache`, with their names; raises UserError.

    `library` stands in for huggingface_hub in tests.
    """
    match = _NAME.fullmatch(source)
    if match is None:
        raise UserError(
            f"{source} names no data set: write hf:NAME or hf:NAME:SUBSET, such as hf:roneneldan/TinyStories",
            f"{source} 不是数据集的名字：请写 hf:NAME 或 hf:NAME:SUBSET，如 hf:roneneldan/TinyStories",
        )
    name, subset = match.group(1), match.group(2) or ""
    hub = library or _library()
    try:
        revision, files = _listed(hub, name, subset)
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
    except (hub.errors.HfHubHTTPError, OSError) as error:
        said = str(error).partition("\n")[0]
        raise UserError(
            f"{source} could not be fetched ({said}): try again, or give its files by their folder",
            f"无法获取 {source}（{said}）：请重试，或给出存放其文件的文件夹",
        ) from None


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


def _listed(hub: Any, name: str, subset: str) -> tuple[str, list[str]]:
    """(revision, files) of a data set: its own files where they can be read, else the hub's Parquet form of them."""
    api = hub.HfApi()
    about = api.dataset_info(name)
    every = api.list_repo_files(name, repo_type="dataset", revision=about.sha)
    if chosen := _chosen(every, subset):
        return about.sha, chosen
    try:
        converted = api.dataset_info(name, revision=_CONVERTED).sha
        if chosen := _chosen(api.list_repo_files(name, repo_type="dataset", revision=converted), subset):
            return converted, chosen
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


def _chosen(files: Sequence[str], subset: str) -> list[str]:
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
