"""How well the main text of web pages is found: snippets that must and must not be in it, for each way to find it.

    ZAOHUA_DATA=../shared/data python benchmarks/main_text.py

prints precision, recall and F of three sets of saved pages, and how many pages a second one core does. In
`trafilatura` the snippets were chosen by that project's people. In `readability` and `chinese` they are blocks of text
inside and outside the article: of the expected text that comes with the pages, or of the element that holds the article
on that site, which the table below names.
"""

import json
import os
import re
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import lxml.etree
import lxml.html

from zaohua.corpus.html import EXTRACTORS, decoded

DATA = Path(os.environ.get("ZAOHUA_DATA", "../shared/data")) / "web"
BLOCKS = 8  # snippets of a page inside, and outside, the article
SHORTEST, LONGEST = 8, 40  # characters of a snippet

# Where a site keeps its article, as XPath; a folder, or a page where it differs. Pages that hold no article (live
# tickers, galleries) are left out by having no place.
ARTICLES = {
    "163": "//*[@id='endText']",
    "163/9": "//*[contains(@class,'article_box')]",
    "baijiahao": "//*[@class='article-content']",
    "cjddsb": "//*[contains(@class,'single-content')]",
    "cjn": "//*[contains(@class,'art-main')]",
    "cmse": "//*[@id='content']//*[contains(@class,'TRS_Editor')]|//*[@id='dochtmlcon']",
    "csdn": "//*[contains(@class,'news_content')]",
    "gamersky": "//*[contains(@class,'gsAreaContextArt')]",
    "gsc": "//*[contains(@class,'detailCon')]",
    "guancha": "//*[contains(@class,'all-txt')]",
    "gzggw": "//*[@id='zoom']",
    "huanqiu": "//*[@id='article']//*[contains(@class,'a-con')]",
    "ifeng": "//*[contains(@class,'text-3zQ3cZD4')]",
    "ifeng/3": "//*[@id='main_content']",
    "mingridapan": "//*[contains(@class,'page-article')]",
    "people": "//*[@id='rwb_zw']",
    "qq/2": "//*[@id='Cnt-Main-Article-QQ']",
    "qq/qq": "//*[contains(@class,'content-article')]",
    "shanxi": "//*[contains(@class,'article-body')]//*[contains(@class,'TRS_Editor')]",
    "sina": "//*[@id='article' or @id='artibody']",
    "sxmu": "//*[@id='vsb_content']",
    "thepaper": "//*[contains(@class,'news_txt')]",
    "toutiao": "//*[contains(@class,'article-content')]",
    "wechat": "//*[@id='js_content']",
    "xds": "//*[contains(@class,'panel-body')]",
    "xinhuanet": "//*[@id='p-detail']",
    "zyyfy": "//*[@id='z']",
}
INLINE = {
    "a",
    "b",
    "em",
    "strong",
    "span",
    "font",
    "i",
    "u",
    "sup",
    "sub",
    "small",
    "big",
    "mark",
    "code",
    "cite",
    "abbr",
}
UNSEEN = {"script", "style", "noscript", "template", "head", "svg", "iframe", "select", "textarea"}


@dataclass(frozen=True)
class Page:
    """A page's source, and the snippets that its main text must and must not have."""

    name: str
    data: bytes
    inside: list[str]
    outside: list[str]


def members(archive: str, ending: str) -> dict[str, bytes]:
    """The files of an archive whose names end so, by their paths."""
    with tarfile.open(DATA / archive) as file:
        found = {info.name: file.extractfile(info) for info in file if info.isfile() and info.name.endswith(ending)}
        return {name: content.read() for name, content in found.items() if content}


def squeezed(text: str) -> str:
    """Text without white space, which is a matter of taste."""
    return re.sub(r"\s+", "", text)


def tree_of(data: bytes) -> lxml.html.HtmlElement:
    text = decoded(data)[0].replace("\0", "")
    return lxml.html.fromstring(text.encode(), parser=lxml.html.HTMLParser(encoding="utf-8", huge_tree=True))


def blocks_of(element: lxml.html.HtmlElement, leave_out: set[lxml.html.HtmlElement]) -> Iterator[str]:
    """The runs of text of an element that no block element interrupts, in order."""
    run: list[str] = []

    def walk(node: lxml.html.HtmlElement) -> Iterator[str]:
        if not isinstance(node.tag, str) or node.tag in UNSEEN or node in leave_out:
            return
        block = node.tag not in INLINE
        if block:
            yield from ended()
        run.append(node.text or "")
        for child in node:
            yield from walk(child)
            run.append(child.tail or "")
        if block:
            yield from ended()

    def ended() -> Iterator[str]:
        text = squeezed("".join(run))
        run.clear()
        if text:
            yield text

    yield from walk(element)
    yield from ended()


def chosen(blocks: list[str], without: str = "") -> list[str]:
    """Some snippets from all over a page, its first and last block among them."""
    fitting = list(dict.fromkeys(block[:LONGEST] for block in blocks if len(block) >= SHORTEST))
    fitting = [block for block in fitting if not without or block not in without]
    if len(fitting) <= BLOCKS:
        return fitting
    return [fitting[round(n * (len(fitting) - 1) / (BLOCKS - 1))] for n in range(BLOCKS)]


def trafilatura_pages() -> list[Page]:
    pages = members("trafilatura/trafilatura_cache.tar.gz", ".html")
    truth = json.loads(members("trafilatura/trafilatura_cache.tar.gz", "evaldata.json").popitem()[1])
    by_name = {Path(name).name: data for name, data in pages.items()}
    return [
        Page(
            each["file"], by_name[each["file"]], list(map(squeezed, each["with"])), list(map(squeezed, each["without"]))
        )
        for each in truth.values()
        if each["file"] in by_name
    ]


def readability_pages() -> list[Page]:
    files = members("readability/readability.tar.gz", ".html")
    pages = []
    for name in sorted(name for name in files if name.endswith("/source.html")):
        expected = files.get(name.replace("source.html", "expected.html"))
        if expected:
            article = tree_of(b"<html><body>" + expected + b"</body></html>")
            inside = list(blocks_of(article, set()))
            outside = chosen(list(blocks_of(tree_of(files[name]), set())), "\n".join(inside))
            pages.append(Page(name.split("/")[-2], files[name], chosen(inside), outside))
    return pages


def chinese_pages() -> list[Page]:
    pages = []
    for path, data in sorted(members("gne_zh_news/gne_html.tar.gz", ".html").items()):
        folder, file = path.split("/")[-2:]
        name = f"{folder}/{file.removesuffix('.html')}"
        place = ARTICLES.get(name, ARTICLES.get(folder))
        tree = tree_of(data)
        articles = tree.xpath(place) if place else []
        if articles:
            inside = list(blocks_of(articles[0], set()))
            outside = chosen(list(blocks_of(tree, set(articles))), "\n".join(inside))
            pages.append(Page(name, data, chosen(inside), outside))
    return pages


@dataclass
class Score:
    """Snippets found and missed, and the seconds it took."""

    right: int = 0
    missed: int = 0
    wrong: int = 0
    empty: int = 0
    pages: int = 0
    seconds: float = 0.0

    def row(self) -> str:
        precision = self.right / max(self.right + self.wrong, 1)
        recall = self.right / max(self.right + self.missed, 1)
        f = 2 * precision * recall / max(precision + recall, 1e-9)
        return f"{precision:9.3f} {recall:8.3f} {f:8.3f} {self.empty:8} {self.pages / max(self.seconds, 1e-9):9.1f}"


def score(pages: list[Page], extractor: Callable[[str], str]) -> Score:
    """How a way of finding the main text does on a set of pages."""
    found = Score(pages=len(pages))
    for page in pages:
        source = decoded(page.data)[0].replace("\0", "")
        begun = time.process_time()
        text = squeezed(extractor(source))
        found.seconds += time.process_time() - begun
        found.empty += not text
        found.right += sum(snippet in text for snippet in page.inside)
        found.missed += sum(snippet not in text for snippet in page.inside)
        found.wrong += sum(snippet in text for snippet in page.outside)
    return found


SETS = {"trafilatura": trafilatura_pages, "readability": readability_pages, "chinese": chinese_pages}


def main(extractors: dict[str, Callable[[str], str]]) -> None:
    if not DATA.exists():
        sys.exit(f"there is no {DATA}: set ZAOHUA_DATA to the folder that holds web/")
    heads = f"{'precision':>9} {'recall':>8} {'F':>8} {'empty':>8} {'pages/s':>9}"
    print(f"{'set':12} {'pages':>5}  {'main text by':18} {heads}")
    sums: dict[str, list[float]] = {}
    for name, pages_of in SETS.items():
        pages = pages_of()
        for extractor, function in extractors.items():
            row = score(pages, function).row()
            sums.setdefault(extractor, []).append(float(row.split()[2]))
            print(f"{name:12} {len(pages):5}  {extractor:18} {row}", flush=True)
    for extractor, values in sums.items():
        print(f"{'mean F':12} {'':5}  {extractor:18} {'':9} {'':8} {sum(values) / len(values):8.3f}")


if __name__ == "__main__":
    main(EXTRACTORS)
