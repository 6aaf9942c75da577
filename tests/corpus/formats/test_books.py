"""EPUB, DOCX and PDF: each is one document; damage, locks and bombs are one reason."""

import io
import struct
import tracemalloc
import zipfile

import pytest

CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>"""
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>三国演义</dc:title><dc:creator>罗贯中</dc:creator></metadata>
<manifest><item id="two" href="text/two%20.xhtml"/><item id="one" href="one.xhtml"/>
<item id="css" href="a.css"/></manifest>
<spine><itemref idref="one"/><itemref idref="two"/><itemref idref="gone"/></spine></package>"""


def zipped(packed: int = zipfile.ZIP_DEFLATED, **files: str | bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packed) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return file.getvalue()


def epub(packed: int = zipfile.ZIP_DEFLATED, **changed: str | bytes) -> bytes:
    page = "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>t</title></head><body><h1>%s</h1><p>%s</p></body></html>"
    return zipped(
        packed,
        **{
            "META-INF/container.xml": CONTAINER,
            "OEBPS/book.opf": PACKAGE,
            "OEBPS/one.xhtml": page % ("第一回", "话说天下大势，分久必合。"),
            "OEBPS/text/two .xhtml": page % ("第二回", "张翼德怒鞭督邮。"),
        }
        | changed,
    )


def test_an_epub_is_its_chapters_in_their_order(items_of):
    lost, book = items_of("a.epub", epub())
    assert "chapter OEBPS" in lost.reason
    assert book.text.split() == ["第一回", "话说天下大势，分久必合。", "第二回", "张翼德怒鞭督邮。"]
    assert book.fields == {"title": "三国演义", "creator": "罗贯中"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK not really", "damaged inside"),
        (zipped(mimetype="application/epub+zip"), "META-INF/container.xml is missing inside"),
        (epub(**{"OEBPS/book.opf": "<package"}), "damaged inside"),
        (epub()[:-30], "damaged inside"),
        (epub(**{"OEBPS/book.opf": b" " * 10**6}), "has 1,000,000 bytes"),
    ],
)
def test_an_epub_that_is_none_is_set_aside(items_of, data, said):
    assert said in items_of("a.epub", data, largest_document=2**16)[-1].reason


def test_a_chapter_that_is_too_large_costs_itself(items_of):
    *aside, book = items_of("a.epub", epub(**{"OEBPS/one.xhtml": "<p>" + "x" * 10**6}), largest_document=2**16)
    assert "one.xhtml inside has 1,000,003 bytes" in aside[0].reason
    assert book.text.startswith("第二回")


def docx(body: str, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    spaces = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    spaces += 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    return zipped(packed, **{"word/document.xml": f"<w:document {spaces}><w:body>{body}</w:body></w:document>"})


def test_a_word_document_is_its_paragraphs(texts_of):
    body = "<w:p><w:r><w:t>第一</w:t></w:r><w:r><w:t>段</w:t><w:tab/><w:t>后</w:t></w:r></w:p>"
    body += "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>格</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    body += "<w:p><w:del><w:r><w:delText>删去</w:delText></w:r></w:del><w:ins><w:r><w:t>加上</w:t></w:r></w:ins></w:p>"
    body += "<w:p><w:r><w:t>一</w:t><w:br/><w:t>二</w:t></w:r></w:p>"
    body += "<w:p><mc:AlternateContent><mc:Choice><w:p><w:r><w:t>框</w:t></w:r></w:p></mc:Choice>"
    body += "<mc:Fallback><w:p><w:r><w:t>框</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:p>"
    assert texts_of("a.docx", docx(body)) == ["第一段\t后\n格\n加上\n一\n二\n框"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (docx("<w:p>"), "damaged inside"),
        (docx(""), "a document without text"),
        (zipped(**{"word/other.xml": "x"}), "word/document.xml is missing inside"),
        (docx("<w:p/>" * 10**5), "has 600,"),
        (b"", "damaged inside"),
    ],
)
def test_a_word_document_that_is_none_is_set_aside(items_of, data, said):
    assert said in items_of("a.docx", data, largest_document=2**16)[-1].reason


def pdf(*pages: str) -> bytes:
    """A small PDF with a line of text on each page, written by hand."""
    kids = " ".join(f"{3 + 2 * n} 0 R" for n in range(len(pages)))
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>"]
    for n, text in enumerate(pages):
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents {4 + 2 * n} 0 R"
            "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>"
        )
        stream = f"BT /F 12 Tf 20 200 Td ({text}) Tj ET" if text else ""
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj{content}endobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer<</Root 1 0 R/Size {len(objects) + 1}>>\n"
    return out + f"{end}startxref\n{len(out)}\n%%EOF".encode()


def test_a_pdf_is_its_text_layer(texts_of):
    assert texts_of("a.pdf", pdf("The first page.", "The second page.")) == ["The first page.\nThe second page."]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (pdf("", ""), "without a text layer"),
        (b"%PDF-1.4 nonsense", "not a PDF, or damaged"),
        (b"", "not a PDF, or damaged"),
        (pdf("text " * 400), "a text of more than 1,024 bytes"),
    ],
)
def test_a_pdf_without_text_is_set_aside(items_of, data, said):
    assert said in items_of("a.pdf", data, largest_document=1024)[-1].reason


def with_sizes(data: bytes, size: int) -> bytes:
    """A zip whose list of members says of all of them that they unpack to `size` bytes."""
    at = -1
    while (at := data.find(b"PK\1\2", at + 1)) >= 0:
        data = data[: at + 24] + struct.pack("<I", size) + data[at + 28 :]
    return data


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.docx", docx("<w:a/>" * 10**6), "unpacks to more than 250 times its size"),
        ("a.docx", docx("<w:p>" * 2000 + "</w:p>" * 2000), "elements inside one another, over 1,000 deep"),
        ("a.docx", docx("<w:p/>", zipfile.ZIP_BZIP2), "packed as no book is"),
        ("a.docx", with_sizes(docx(" " * 10**7), 900), "damaged inside"),
        ("a.epub", epub(**{"OEBPS/book.opf": f"<package>{'<a/>' * 10**6}</package>"}), "250 times its size"),
        ("a.epub", epub(zipfile.ZIP_STORED, **{"OEBPS/book.opf": b" " * 5 * 10**6}), "has 5,000,000 bytes, too many"),
    ],
    ids=["many", "deep", "bzip2", "lying", "many in a book", "long list"],
)
def test_a_bomb_of_xml_is_set_aside_in_little_memory(items_of, name, data, said):
    tracemalloc.start()
    (item,) = items_of(name, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert said in item.reason
    assert peak < 16 * 2**20


def test_a_word_document_takes_memory_by_its_text_and_not_by_its_elements(items_of):
    data = docx("<w:a/>" * 200_000 + "<w:p><w:r><w:t>text</w:t></w:r></w:p>", zipfile.ZIP_STORED)
    tracemalloc.start()
    (item,) = items_of("a.docx", data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert item.text == "text"
    assert peak < 5 * len(data)
