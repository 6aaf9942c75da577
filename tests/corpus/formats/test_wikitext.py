"""Wiki markup as plain text: each kind of markup with one example, and no text lost beside it."""

import time

import pytest

from zaohua.corpus.formats.wikitext import plain_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("'''猫'''是一种''动物''。", "猫是一种动物。"),
        ("[[猫]]和[[狗|小狗]]", "猫和小狗"),
        ("[[Cat]]s and [[wikt:dog|dogs]]", "Cats and dogs"),
        ("x[[File:a.jpg|thumb|200px|一只[[猫]]在[[垫子|垫上]]]]y", "xy"),
        ("[[文件:a.jpg|缩略图]]甲[[Category:动物]][[分类:猫]][[en:Cat]]", "甲"),
        ("看[[:分类:猫]]页", "看分类:猫页"),
        ("{{Infobox|a={{b|c}}|d=[[e]]}}正文{{cite web|url=x}}。", "正文。"),
        ("前{| class=x\n|-\n| a || b\n{{x}}\n|}后", "前后"),
        ("{{未闭合的模板\n正文在此。", "正文在此。"),
        ("甲<ref name=a>来源[[x]]</ref>乙<ref name=a/>丙<ref>y</ref>", "甲乙丙"),
        ("甲<!-- 注\n释 -->乙", "甲乙"),
        ("一<br/>二<small>三</small>", "一\n二三"),
        ("水是H<sub>2</sub>O，5&nbsp;&lt;&nbsp;6 &amp;amp; 7", "水是H2O，5 < 6 & 7"),
        ("见[https://example.org 网站]和[https://example.org]", "见网站和"),
        ("* 一\n** 二\n# 三\n:四", "一\n二\n三\n四"),
        ("== 历史 ==\n正文。\n=== 古代 ===\n更多。", "历史\n正文。\n\n古代\n更多。"),
        ("正文。\n== 参考文献 ==\n* x\n=== 书 ===\ny\n== 后记 ==\n完。", "正文。\n\n后记\n完。"),
        ("正文。\n== 空的 ==\n", "正文。"),
        ("== 上 ==\n=== 下 ===\n文。", "上\n\n下\n文。"),
        (
            "-{zh-hans:计算机;zh-hant:電腦}-和-{简体}-及-{H|zh-cn:a;zh-tw:b}-完-{A|zh-cn:鼠标;zh-tw:滑鼠}-",
            "计算机和简体及完鼠标",
        ),
        ("<nowiki>[[不是链接]]</nowiki>", "不是链接"),
        ("__NOTOC__正文__目录__。", "正文。"),
        ("猫（{{lang|en|cat}}）是", "猫是"),
        ("a < b and c > d, 1 <2", "a < b and c > d, 1 <2"),
        ("代码<syntaxhighlight lang=python>x = {}</syntaxhighlight>后", "代码后"),
        ("数组a[0]和{花括号}不变", "数组a[0]和{花括号}不变"),
        ("", ""),
    ],
)
def test_markup(markup, text):
    assert plain_text(markup) == text


@pytest.mark.parametrize(
    "piece", ["{{", "[[", "{|", "-{", "<ref>", "[http://x ", "''", "{{a|[[b|", "<", "==", "}}", "<!--", "[[a|" * 3]
)
def test_markup_that_never_closes_ends_in_reasonable_time(piece):
    begun = time.process_time()
    plain_text(piece * 20_000)
    assert time.process_time() - begun < 20  # linear takes well under a second; a square of it takes minutes
