"""HTML files: a page is a document, its title a field."""

from collections.abc import Iterator

from zaohua.corpus import html
from zaohua.corpus.formats.contents import Content, Span
from zaohua.corpus.formats.items import Found, Item, Noted, SetAsideError
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import whole


def read_page(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """The main text of an HTML file."""
    data = whole(content, settings, noted)
    text, noted.encoding = html.decoded(data, chosen=settings.encoding)
    page = html.page(text, settings.html)
    if not page.text:
        raise SetAsideError("a page without a main text")
    yield Found(page.text, fields={"title": page.title} if page.title else {})
