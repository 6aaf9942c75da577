"""Books and office documents: EPUB, DOCX and the text layer of PDF; each is one document."""

import logging
import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from urllib.parse import unquote
from xml.etree import ElementTree

from zaohua.corpus import html
from zaohua.corpus.encodings import UndecodableError
from zaohua.corpus.formats.contents import Content, Span
from zaohua.corpus.formats.items import Found, Item, Noted, SetAsideError, Unreadable
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import BY_STEPS, random_access

_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"
_OPF, _DC = "{http://www.idpf.org/2007/opf}", "{http://purl.org/dc/elements/1.1/}"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LARGEST_TABLE = 2**22  # bytes of a book's own tables, of which all elements are held in memory
_ALWAYS_PACKED = 2**20  # bytes to which a member may unpack however little it was
_DEEPEST = 1000  # elements inside one another
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read_epub(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """The chapters of an EPUB in their order."""
    with random_access(content, settings, noted) as file, zipfile.ZipFile(file) as book:
        container = _table(book, "META-INF/container.xml", settings).find(f".//{_CONTAINER}")
        place = "" if container is None else container.get("full-path", "")
        package = _table(book, place, settings)
        hrefs = {item.get("id"): item.get("href", "") for item in package.iter(f"{_OPF}item")}
        chapters: list[str] = []
        size = 0
        for reference in package.iter(f"{_OPF}itemref"):
            href = hrefs.get(reference.get("idref"), "")
            name = posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(href.partition("#")[0])))
            try:
                text, noted.encoding = html.decoded(_member(book, name, settings), chosen=settings.encoding)
                chapters.append(html.page(text, "all").text)
            except (SetAsideError, UndecodableError) as error:
                yield Unreadable(f"chapter {name}: {error}")
                continue
            size += len(chapters[-1])
            if size > settings.largest_document:
                raise SetAsideError(f"a book of more than {settings.largest_document:,} bytes (largest_document)")
        about = {name: (package.findtext(f".//{_DC}{name}") or "").strip() for name in ("title", "creator", "language")}
    yield _document("\n\n".join(filter(None, chapters)), {name: said for name, said in about.items() if said})


def read_docx(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """The paragraphs and tables of a Word document; what was deleted in it stays deleted."""
    noted.encoding = "utf-8"
    with random_access(content, settings, noted) as file, zipfile.ZipFile(file) as package:
        data = _member(package, "word/document.xml", settings)
    lines: list[str] = []
    open_paragraphs: list[list[str]] = []
    hidden = 0
    for event, element in _events(data):
        if element.tag == _FALLBACK:  # the same again for old programs
            hidden += 1 if event == "start" else -1
        elif hidden:
            continue
        elif event == "start":
            if element.tag == f"{_WORD}p":
                open_paragraphs.append([])
        elif element.tag == f"{_WORD}p":
            lines.append("".join(open_paragraphs.pop()))
        elif open_paragraphs:
            match element.tag.removeprefix(_WORD):
                case "t":
                    open_paragraphs[-1].append(element.text or "")
                case "tab":
                    open_paragraphs[-1].append("\t")
                case "br" | "cr":
                    open_paragraphs[-1].append("\n")
    yield _document("\n".join(lines), {})


def read_pdf(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """The text layer of a PDF, page after page."""
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells at length what it could mend
    pages: list[str] = []
    size = 0
    with random_access(content, settings, noted) as file:
        try:
            reader = pypdf.PdfReader(file)
            if reader.is_encrypted and not reader.decrypt(""):
                raise SetAsideError("a PDF behind a password")
            for page in reader.pages:
                pages.append(page.extract_text().strip())
                size += len(pages[-1])
                if size > settings.largest_document:
                    raise SetAsideError(f"a text of more than {settings.largest_document:,} bytes (largest_document)")
            title = str((reader.metadata or {}).get("/Title") or "").strip()
        except (SetAsideError, OSError):
            raise
        except Exception as error:  # on a damaged file pypdf raises nearly anything
            raise SetAsideError(f"not a PDF, or damaged ({type(error).__name__}: {error})") from None
    text = "\n".join(filter(None, pages))
    if not text:
        raise SetAsideError("a PDF without a text layer: its pages are pictures")
    yield replace(_document(text, {"title": title} if title else {}), plain=True)  # its lines are those of the page


def _document(text: str, fields: dict[str, str]) -> Found:
    text = text.strip()
    if not text:
        raise SetAsideError("a document without text")
    return Found(text, fields=dict(fields))


def _member(package: zipfile.ZipFile, name: str, settings: ReadingSettings) -> bytes:
    """A file in a package; raises SetAsideError where it is missing or larger than a document may be."""
    try:
        info = package.getinfo(name)
    except KeyError:
        raise SetAsideError(f"{name or 'its table of contents'} is missing inside") from None
    if info.file_size > settings.largest_document:
        raise SetAsideError(f"{name} inside has {info.file_size:,} bytes (largest_document)")
    if info.file_size > max(settings.largest_expansion * info.compress_size, _ALWAYS_PACKED):
        times = settings.largest_expansion
        raise SetAsideError(f"{name} unpacks to more than {times} times its size: no text does (largest_expansion)")
    if info.flag_bits & 1 or info.compress_type not in BY_STEPS:
        raise SetAsideError("encrypted" if info.flag_bits & 1 else "packed as no book is")
    with package.open(info) as file:
        return file.read(info.file_size)  # no more, whatever it really unpacks to


def _table(package: zipfile.ZipFile, name: str, settings: ReadingSettings) -> ElementTree.Element:
    """A book's list of what is in it."""
    data = _member(package, name, settings)
    if len(data) > _LARGEST_TABLE:
        raise SetAsideError(f"{name} inside has {len(data):,} bytes, too many for a list of what is in a book")
    try:
        return ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise SetAsideError(f"damaged inside ({error})") from None


def _events(data: bytes) -> Iterator[tuple[str, ElementTree.Element]]:
    """Where each element starts and ends; those that have ended are let go."""
    above: list[ElementTree.Element] = []
    try:
        for event, element in ElementTree.iterparse(BytesIO(data), ("start", "end")):
            if event == "start":
                above.append(element)
                if len(above) > _DEEPEST:
                    raise SetAsideError(f"elements inside one another, over {_DEEPEST:,} deep")
                yield event, element
            else:
                yield event, above.pop()
                if above:
                    del above[-1][:]
    except ElementTree.ParseError as error:
        raise SetAsideError(f"damaged inside ({error})") from None
