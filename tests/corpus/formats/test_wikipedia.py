"""Dumps of Wikipedia: articles alone, one bad page costs one page."""

import bz2

from zaohua.corpus.formats.items import Unreadable

HEAD = (
    '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/"><siteinfo>'
    "<base>https://zh.wikipedia.org/wiki/Wikipedia:%E9%A6%96%E9%A1%B5</base></siteinfo>\n"
)


def page(title: str, text: str, ns: int = 0, inside: str = "") -> str:
    return (
        f"<page><title>{title}</title><ns>{ns}</ns>{inside}<revision><model>wikitext</model>"
        f'<text bytes="9" xml:space="preserve">{text}</text></revision></page>\n'
    )


def test_articles_are_read_and_nothing_else(items_of):
    dump = (
        HEAD
        + page("猫 科", "'''猫'''&lt;ref&gt;x&lt;/ref&gt;。")
        + page("重定向", "#重定向 [[猫]]", inside='<redirect title="猫"/>')
    )
    dump += page("模板:x", "模板", ns=10) + page("空", "{{x}}") + page("狗", "狗。") + "</mediawiki>"
    found = items_of("zhwiki.xml.bz2", bz2.compress(dump.encode()))
    assert [(item.text, item.line, item.url) for item in found] == [
        ("猫 科\n\n猫。", 1, "https://zh.wikipedia.org/wiki/猫_科"),
        ("狗\n\n狗。", 5, "https://zh.wikipedia.org/wiki/狗"),
    ]
    assert found[0].fields == {"title": "猫 科"}


def test_a_bad_page_costs_one_page_and_a_cut_the_last(items_of):
    dump = HEAD + page("a", "good") + page("b", "&undefined; <unclosed>") + page("c", "x" * 9000) + page("d", "good")
    found = items_of("a.xml", dump + page("e", "cut")[:-20], largest_document=2048)
    assert [getattr(item, "text", "") for item in found if not isinstance(item, Unreadable)] == [
        "a\n\ngood",
        "d\n\ngood",
    ]
    bad = [item for item in found if isinstance(item, Unreadable)]
    assert [item.line for item in bad] == [2, 3, 0]
    assert "not XML" in bad[0].reason
    assert "a page of 9," in bad[1].reason
    assert "ends in the middle of a page" in bad[2].reason


def test_of_many_revisions_the_last_is_read(texts_of):
    revisions = "<revision><text>old</text></revision><revision><text>new</text></revision>"
    many = f"<page><title>a</title><ns>0</ns>{revisions}</page>"
    assert texts_of("a.xml", HEAD + many) == ["a\n\nnew"]


def test_entities_that_grow_are_not_followed(items_of):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + HEAD + page("a", "&b;")
    assert "not XML" in items_of("a.xml", bomb)[0].reason


def test_other_xml_is_set_aside(items_of):
    assert items_of("a.xml", "<rss><page>x</page></rss>")[0].reason == "XML that is no dump of Wikipedia"
