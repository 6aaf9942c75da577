"""Web pages: the main text and the title of them, decoded by what the bytes bear out."""

import pytest

from zaohua.corpus import html as module
from zaohua.corpus.encodings import UndecodableError
from zaohua.corpus.formats.items import SetAsideError
from zaohua.corpus.html import DEEPEST, EXTRACTORS, charset_of, decoded, nesting, page

TEXT = "今天天气很好，我们去公园散步。他说：这里的花开得真漂亮！后来大家一起回家吃饭。"
TRADITIONAL = "今天天氣很好，我們去公園散步。他說：這裡的花開得真漂亮！後來大家一起回家吃飯。"


def html(text: str, head: str = "") -> str:
    menu = "".join(f'<li><a href="/{n}">栏目{n}</a></li>' for n in range(9))
    body = "".join(f"<p>{text}{n}</p>" for n in range(6))
    return (
        f"<!DOCTYPE html><html><head><title> 公园 &amp;\n 花 </title>{head}"
        f"<script>var x = '{text}'</script></head><body>"
        f"<nav><ul>{menu}</ul></nav><article><h1>公园</h1>{body}</article><footer>版权所有</footer></body></html>"
    )


@pytest.mark.parametrize("extractor", ["trafilatura", "resiliparse", "both"])
def test_the_main_text_is_found_and_the_title_kept(extractor):
    found = page(html(TEXT), extractor)
    assert found.title == "公园 & 花"
    assert all(f"{TEXT}{n}" in found.text for n in range(6))
    assert "栏目" not in found.text
    assert "版权" not in found.text
    assert "var x" not in found.text


def test_where_trafilatura_misses_the_article_the_other_is_asked(monkeypatch):
    monkeypatch.setattr(module, "_trafilatura", lambda text: "a little")
    assert TEXT in page(html(TEXT), "both").text
    monkeypatch.setattr(module, "_trafilatura", lambda text: TEXT * 3)
    assert page(html(TEXT), "both").text == TEXT * 3


def test_all_takes_what_is_shown():
    text = page(html(TEXT), "all").text
    assert "栏目3" in text
    assert "var x" not in text


@pytest.mark.parametrize("extractor", EXTRACTORS)
@pytest.mark.parametrize(
    "source", ["", "<", "<html>", "<p>", "no tags", "\0<p>\0x</p>", "<!--", "<title>x", "<a" * 9999]
)
def test_what_is_hardly_a_page_is_no_error(extractor, source):
    assert isinstance(page(source, extractor).text, str)


def test_a_page_that_a_parser_stumbles_over_is_set_aside(monkeypatch):
    monkeypatch.setitem(EXTRACTORS, "both", lambda text: 1 / 0)
    with pytest.raises(SetAsideError, match="cannot be parsed"):
        page(html(TEXT), "both")


def test_what_a_page_says_of_its_encoding_does_not_matter_once_it_is_text():
    source = '<?xml version="1.0" encoding="gb2312"?>' + html(TEXT, "<meta charset=gb2312>")
    text, encoding = decoded(source.encode("gbk"))
    assert encoding == "gb18030"
    assert TEXT in page(text, "trafilatura").text
    assert TEXT in page(text, "resiliparse").text


def test_a_page_nested_without_end_is_set_aside():
    for source in ("<div>" * 100_000, "<div>" * 100_000 + "x" + "</div>" * 100_000, '<b class="x>y">' * 100_000):
        with pytest.raises(SetAsideError, match="nested 100,000 deep"):
            page(source, "trafilatura")


def test_depth_is_that_of_open_elements():
    assert nesting("<p>one<p>two<br><img src=x><path/>") == 0
    assert nesting("<div><div></div><div></div></div>") == 2
    assert nesting("<div><i></div><div><b></div>" * 9) == 2
    assert nesting("<p><b>x</b> <script>'<div><div>'</script><!-- <div><div> --><a title='<div>'>y</a></p>") == 1
    assert nesting(html(TEXT)) < 20 < DEEPEST


@pytest.mark.parametrize(
    "source",
    [
        "<div></x>",
        "<div><!--</div>-->",
        "<div><script>'</div>'</script>",
        "<div><i title='</div>'></i>",
        "<i title='<!--'></i><div><i title='-->'></i><!--</div>-->",
        "<div><b></div x",
        "<b><div></b>",
        "<div><table><tr><td></div>",
        "<div/>",
        "<DIV></dIv\0>",
    ],
)
def test_depth_is_not_hidden_by_what_closes_nothing(source):
    assert nesting(source * 3000 + ">") > DEEPEST


@pytest.mark.parametrize(
    ("encoding", "head", "charset"),
    [
        ("utf-8", "", ""),
        ("utf-8", "<meta charset=gb2312>", "big5"),
        ("utf-8-sig", "<meta charset=gb2312>", ""),
        ("utf-16", "", ""),
        ("gb18030", '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">', ""),
        ("gbk", "<meta charset='big5'>", "gb2312"),
        ("gbk", "<meta charset=iso-8859-1>", ""),
        ("gbk", "<meta charset=nonsense>", ""),
        ("gbk", "", "utf-8"),
        ("gbk", "", ""),
    ],
)
def test_pages_that_say_what_they_are_not_are_read_right(encoding, head, charset):
    source = html(TEXT, head)
    text, used = decoded(source.encode(encoding), charset)
    assert text.lstrip("\ufeff") == source
    assert used


@pytest.mark.parametrize(("encoding", "said"), [("big5hkscs", "gb2312"), ("big5hkscs", "big5"), ("big5hkscs", "")])
def test_traditional_pages(encoding, said):
    source = (
        html(TRADITIONAL, f"<meta charset={said}>" if said else "")
        .replace("栏", "欄")
        .replace("园", "園")
        .replace("权", "權")
    )
    assert decoded(source.encode(encoding))[0] == source


def test_a_few_broken_bytes_in_a_page_that_says_its_encoding_are_replaced():
    data = html(TEXT * 9, "<meta charset=gbk>").encode("gbk").replace("花".encode("gbk"), b"\xff\xff", 1)
    assert decoded(data)[0].count("\ufffd") in (1, 2)
    with pytest.raises(UndecodableError):
        decoded(b"<meta charset=gbk>" + bytes(range(128, 256)) * 9)


def test_a_declared_encoding_is_taken():
    assert decoded("é".encode("cp1250"), chosen="cp1250") == ("é", "cp1250")


@pytest.mark.parametrize(
    ("mime", "charset"),
    [("text/html; charset=GBK", "GBK"), ('text/html;charset="utf-8"', "utf-8"), ("text/html", ""), ("", "")],
)
def test_the_servers_word(mime, charset):
    assert charset_of(mime) == charset
