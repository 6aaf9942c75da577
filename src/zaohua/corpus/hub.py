"""Data sets of the Hugging Face hub, by name; nothing of a data set is ever run."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from zaohua.corpus.formats.kinds import READABLE, ends_of
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
            f"{source} names no data set: write hf:NAME or hf:NAME:SUBSET, such as hf:roneneldan/TinyStories"
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
            f"{name} is given only to those who asked its owners: do so on its page, then `hf auth login`"
        ) from None
    except hub.errors.RepositoryNotFoundError:
        raise UserError(
            f"there is no data set {name} on the hub: look its name up on huggingface.co/datasets"
        ) from None
    except (hub.errors.HfHubHTTPError, OSError) as error:
        said = str(error).partition("\n")[0]
        raise UserError(
            f"{source} could not be fetched ({said}): try again, or give its files by their folder"
        ) from None


def _library() -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.errors
    except ImportError:
        raise UserError("hf: sources need the extra hub: pip install 'zaohua[hub]'") from None
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
    what = f"subset {subset}" if subset else "files"
    hint = f"; its folders are {', '.join(folders[:9])}" if subset and folders else f" of {READABLE}"
    raise UserError(f"the data set {name} has no {what} that can be read{hint}")


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
