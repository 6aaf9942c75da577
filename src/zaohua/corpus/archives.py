"""The members of .zip and .tar archives, read as files are; nothing is ever written where an archive says."""

import io
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import IO, Any, cast

from zaohua.corpus.encodings import UndecodableError, encoding_of, name_of
from zaohua.corpus.formats.contents import WHOLE, Content, Span
from zaohua.corpus.formats.items import Item, Noted, SetAsideError, Unreadable
from zaohua.corpus.formats.kinds import ARCHIVES, ends_of
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import BLOCK, BY_STEPS, Unpacked, opened, random_access, read_up_to

Reader = Callable[[Content, ReadingSettings, Noted, Span], Iterator[Item]]
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1
_ROW = 512  # bytes of a header in a tar, to which members are filled up
_LONGEST_NAME = 2**16
_SIZE = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class Member:
    """A file in a tar: what is said of it, why it is not read, and where its header begins and its end lies."""

    name: str
    size: int
    aside: str
    begin: int
    end: int


def read_archive(
    content: Content, settings: ReadingSettings, noted: Noted, span: Span, read_content: Reader
) -> Iterator[Item]:
    """What `read_content` makes of each member of a span; each item names the member's file."""
    if content.depth > 1:
        raise SetAsideError("an archive in an archive in an archive")
    members = _zip_members if content.kind == "zip" else _tar_members
    for member, aside in members(content, settings, noted, span):
        if aside:
            yield Unreadable(aside, file=member.name)
            continue
        inner = noted.files[member.name] = Noted()
        for item in read_content(member, settings, inner, WHOLE):
            yield item if item.file else replace(item, file=member.name)
        if member.kind in ARCHIVES:
            noted.files |= inner.files


def is_read(name: str) -> bool:
    """Whether a member is meant to be read: not hidden, and not what macOS puts beside each file."""
    parts = name.replace("\\", "/").split("/")
    return not any((part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in parts)


def aside_by_name(name: str) -> str:
    """Why a member's name is not to be trusted, or nothing."""
    if re.match(r"[A-Za-z]:|[/\\]", name):
        return "an absolute name in an archive"
    if ".." in re.split(r"[/\\]", name):
        return "a name that leads out of its archive (..)"
    return "a name with control characters" if re.search(r"[\x00-\x1f]", name) else ""


def zip_members(file: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, str]]:
    """The members that are files, with their names, no two alike."""
    seen: dict[str, int] = {}
    members = []
    for info in file.infolist():
        name = _name_of(info)
        if not info.is_dir() and is_read(name):
            seen[name] = seen.get(name, 0) + 1
            members.append((info, name if seen[name] == 1 else f"{name}@{seen[name]}"))
    return members


def _zip_members(
    content: Content, settings: ReadingSettings, noted: Noted, span: Span
) -> Iterator[tuple[Content, str]]:
    with random_access(content, settings, noted) as packed, zipfile.ZipFile(packed) as file:
        members = zip_members(file)
        allowed = max(settings.largest_expansion * content.size, settings.largest_document)
        if sum(info.file_size for info, _ in members) > allowed:
            raise SetAsideError(
                f"unpacks to more than {settings.largest_expansion} times its size: no text does (largest_expansion)"
            )
        end = len(members) if span.end is None else span.end
        for number, (info, name) in enumerate(members[span.start : end]):
            noted.share = lambda done=number: done / max(end - span.start, 1)
            aside = aside_by_name(name)
            if stat.S_ISLNK(info.external_attr >> 16):
                aside = "a link in an archive"
            if info.flag_bits & _ENCRYPTED:
                aside = aside or "encrypted"
            if info.compress_type not in BY_STEPS:
                aside = aside or "packed in a way that zips seldom are (not by deflate): unpack the archive first"
            if info.file_size > max(settings.largest_expansion * info.compress_size, settings.largest_document):
                aside = aside or (
                    f"unpacks to more than {settings.largest_expansion} times its size: "
                    f"no text does (largest_expansion)"
                )
            # The names of opened members are bound now: the reader may ask later.
            opened_member: Callable[[], IO[bytes]] = lambda info=info: file.open(info)  # noqa: E731
            ends = ends_of(info.filename)
            member = Content(f"{content.name}/{name}", *ends, info.file_size, opened_member, content.depth + 1)
            yield member, aside


def _name_of(info: zipfile.ZipInfo) -> str:
    """A member's name; one that is not said to be UTF-8 is very often in the encoding of the machine it came from."""
    if info.flag_bits & _UTF8_NAME or info.filename.isascii():
        return info.filename
    try:
        raw = info.filename.encode("cp437")
        return raw.decode(encoding_of(raw))
    except (UnicodeError, UndecodableError):
        return info.filename


def _tar_members(
    content: Content, settings: ReadingSettings, noted: Noted, span: Span
) -> Iterator[tuple[Content, str]]:
    seen: dict[str, int] = {}
    with opened(content, settings, noted, span) as stream:
        for member in tar_members(stream):
            if not is_read(member.name) and not member.aside:
                continue
            seen[member.name] = seen.get(member.name, 0) + 1
            name = member.name if seen[member.name] == 1 else f"{member.name}@{seen[member.name]}"
            data = _Window(stream, member.size)
            ends = ends_of(member.name)
            yield (
                Content(
                    f"{content.name}/{name}",
                    *ends,
                    member.size,
                    lambda data=data: cast(IO[bytes], data),
                    content.depth + 1,
                ),
                member.aside or aside_by_name(member.name),
            )


class _Window(io.RawIOBase):
    """The next bytes of a stream, to be read once."""

    def __init__(self, stream: Unpacked, size: int) -> None:
        self._stream, self._left = stream, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(min(len(buffer), self._left)) or b""
        if not block and self._left:
            raise EOFError("it ends in the middle of a member")
        self._left -= len(block)
        buffer[: len(block)] = block
        return len(block)


def tar_members(stream: Unpacked) -> Iterator[Member]:
    """The files in a tar, one after the other; what of each was not read is passed over before the next.

    Raises EOFError where the tar is cut off, and SetAsideError where something else than a member follows.
    """
    told: dict[str, str] = {}  # what headers of their own say of the next member
    begin = stream.tell()
    while header := _row(stream):
        if not header.strip(b"\0"):
            return
        try:
            info = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise SetAsideError(f"no member where one must begin ({error}): the rest of the archive is left") from None
        if info.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
            told |= _extended(info, _data(stream, info.size))
            continue
        if info.type == tarfile.XGLTYPE:
            _data(stream, info.size)
            begin = stream.tell()
            continue
        size = int(told["size"]) if _SIZE.fullmatch(told.get("size", "")) else info.size
        if size < 0:
            raise SetAsideError("a member of less than nothing: the rest of the archive is left")
        more = info.type == tarfile.GNUTYPE_SPARSE and header[482]
        while more:  # the list of its holes goes on
            row = _row(stream)
            more = row and row[504]
        name = name_of(told.get("path", info.name).encode("utf-8", "surrogateescape"))
        sparse = info.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse") for key in told)
        data_end = stream.tell() + size
        end = data_end + -size % _ROW
        if info.type != tarfile.DIRTYPE:
            yield Member(name, size, _aside(info, sparse), begin, end)
        _pass_over(stream, end)
        told, begin = {}, end


def _row(stream: Unpacked) -> bytes:
    row = read_up_to(stream, _ROW)
    if row and len(row) < _ROW:
        raise EOFError("it ends in the middle of a member")
    return row


def _data(stream: Unpacked, size: int) -> bytes:
    if size > _LONGEST_NAME:
        raise SetAsideError("a member's name without an end: the rest of the archive is left")
    data = read_up_to(stream, size + -size % _ROW)
    return data[:size]


def _extended(info: tarfile.TarInfo, data: bytes) -> dict[str, str]:
    """What a member's own headers say: its name where that is long, its size where that is large."""
    if info.type == tarfile.GNUTYPE_LONGLINK:
        return {}
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    told = {}
    while match := re.match(rb"(\d{1,9}) ([^=]+)=", data):
        length = int(match.group(1))
        value = data[match.end() : length - 1]
        told[match.group(2).decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        data = data[max(length, match.end()) :]
    return told


def _aside(info: tarfile.TarInfo, sparse: bool) -> str:
    """Why a member is not read, by what it is."""
    if sparse:
        return "a sparse file in an archive"
    if info.islnk() or info.issym():
        return "a link in an archive"
    return "" if info.isreg() else "a device in an archive"


def _pass_over(stream: Unpacked, end: int) -> None:
    while (left := end - stream.tell()) > 0:
        if not stream.read(min(left, BLOCK)):
            raise EOFError("it ends in the middle of a member")
