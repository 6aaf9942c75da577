"""Pages that are not wanted because of where they stand on the web: listed domains, and words of the address."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import xxhash

from zaohua.corpus import arrays
from zaohua.corpus.settings import AddressSettings
from zaohua.settings import UserError

_BETWEEN_WORDS = re.compile(r"[\W_]+")
_HOSTS = re.compile(r"^(?:\d{1,3}(?:\.\d{1,3}){3}|::1?|localhost\S*|broadcasthost)\s+(?=\S)")  # "0.0.0.0 domain"


def write_domains(file: Path, output: Path) -> None:
    """A file of domains -> what `unwanted` looks in. Raises UserError where it cannot be read or holds none."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        english, chinese = (
            (error.strerror, error.strerror) if isinstance(error, OSError) else ("it is not UTF-8", "不是 UTF-8")
        )
        raise UserError(
            f"{file} cannot be read ({english}): addresses.domains names a file of domains, one a line",
            f"无法读取 {file}（{chinese}）：addresses.domains 应是每行一个域名的文件",
        ) from None
    names = {_HOSTS.sub("", line.partition("#")[0].strip()) for line in lines} - {""}
    if not names:
        raise UserError(
            f"{file} holds no domain: addresses.domains names a file of domains, one a line",
            f"{file} 里没有域名：addresses.domains 应是每行一个域名的文件",
        )
    if wrong := next((name for name in sorted(names) if re.search(r"[\s/]", name)), None):
        raise UserError(
            f"{file}: {wrong!r} is no domain: give one a line, such as example.com",
            f"{file} 里的 {wrong!r} 不是域名：请每行写一个，如 example.com",
        )
    found = np.array(sorted(_digest(_domain(name)) for name in names), dtype=np.uint64)
    arrays.write(output, {"domain": np.unique(found)})


def read_domains(path: Path) -> np.ndarray:
    """What `write_domains` wrote: digests, ascending, (n,) uint64."""
    return arrays.read(path)["domain"]


def unwanted(url: str, settings: AddressSettings, domains: np.ndarray | None) -> str:
    """Why a page at this address is not wanted; "" where nothing speaks against it."""
    if domains is not None and (listed := _listed(url, domains)):
        return f"{listed} is a listed domain"
    if not settings.words and not settings.soft_words:
        return ""
    address = unquote(url).casefold()
    for word in settings.words:
        if word.casefold() in address:
            return f"the address holds {word}"
    inside = set(_BETWEEN_WORDS.split(address))
    soft = [word for word in dict.fromkeys(settings.soft_words) if word.casefold() in inside]
    return f"the address holds {soft[0]} and {soft[1]}" if len(soft) > 1 else ""


def _listed(url: str, domains: np.ndarray) -> str:
    """The host of an address, or what lies above it, that is among the digests of domains; "" if none is."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return ""
    name = _domain(host or "")
    while name:
        digest = np.uint64(_digest(name))
        place = int(np.searchsorted(domains, digest))
        if place < len(domains) and domains[place] == digest:
            return name
        name = name.partition(".")[2]
    return ""


def _domain(name: str) -> str:
    """A domain as it is compared: in small letters, others than ASCII as the name service has them."""
    name = name.strip(".").casefold()
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return name


def _digest(name: str) -> int:
    return xxhash.xxh3_64_intdigest(name.encode())
