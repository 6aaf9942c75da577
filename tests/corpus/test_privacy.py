"""What is private gives way to a placeholder, wherever it stands among hanzi; what only looks like it stays."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tokenizer.real import real

from zaohua.corpus.normalize import normalize
from zaohua.corpus.privacy import KINDS, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("邮箱abc@example.com。", "邮箱<EMAIL>。"),
        ("邮箱a.b@example.com。", "邮箱<EMAIL>。"),
        ("Write to first.last+tag@mail.example.co.uk, please.", "Write to <EMAIL>, please."),
        ("123456789@qq.com的邮箱", "<EMAIL>的邮箱"),
        ("手机13800138000，", "手机<PHONE>，"),
        ("请致电+86 138-0013-8000。", "请致电<PHONE>。"),
        ("访问114.114.114.114吧", "访问<IP>吧"),
        ("见http://8.8.8.8/和8.8.4.4。", "见http://<IP>/和<IP>。"),
        ("地址2400:cb00:2048:1::c629:d7a2可用", "地址<IP>可用"),
        ("微信号：abc_1234，QQ：123456789", "微信号：<ACCOUNT>，QQ：<ACCOUNT>"),
        ("护照号码E12345678过期", "护照号码<PASSPORT>过期"),
        ("车牌京A12345停在粤B·D12345旁", "车牌<PLATE>停在<PLATE>旁"),
        ("mail a@b.com or b@c.org", "mail <EMAIL> or <EMAIL>"),
    ],
)
def test_private_things_give_way_right_after_hanzi_too(text, masked):
    assert mask(text)[0] == masked


@pytest.mark.parametrize(
    "text",
    [
        "版本1.2.3.4.5和v8.8.8.8，Chrome/120.0.99.109，version 52.20.30.40",
        "第1.2.3.4节，辞典2.14.17.31 章",
        "git clone git@github.com:name/repository",
        "import tensorflow\n@tf.function",
        "192.168.1.1 和 127.0.0.1 和 ::1 和 fe80::1:2:3",
        "999.999.999.999",
        "12:30:45 01:02:03:04",
        "用@符号，@someone，user@host",
        "京A级景区，新G20峰会，云GPU服务，川A",
        "E12345678 是零件号",
        "微信公众号很多，QQ空间",
        "std::vector<int>::iterator，a::b::c::d",
    ],
)
def test_what_only_looks_private_stays(text):
    assert mask(text) == (text, Counter())


def test_counts_are_by_kind():
    text = "a@b.com 13800138000 13900139000 9.9.9.9 ghp_abcdefghijklmnopqrstuvwxyz0123456789"
    assert mask(text)[1] == Counter(EMAIL=1, PHONE=2, IP=1, KEY=1)
    assert set(mask(text)[1]) <= set(KINDS)


def test_what_lies_inside_something_found_is_not_found_again():
    assert mask("mail 13800138000@163.com")[0] == "mail <EMAIL>"


def test_full_width_digits_are_masked_after_folding():
    text = "电话１３８００１３８０００"
    assert mask(normalize(text))[0] == "电话<PHONE>"


@given(
    texts=st.lists(
        st.sampled_from(["电话13800138000", "a.b@example.com", "8.8.8.8", "好", "x=1", "京A12345"]), max_size=5
    )
)
def test_masking_knows_no_order_and_no_past(texts):
    assert [mask(text) for text in texts] == [mask(text) for text in reversed(texts)][::-1]
    joined = "。\n".join(texts)
    assert mask(joined)[0] == "。\n".join(mask(text)[0] for text in texts)
    assert mask(mask(joined)[0]) == (mask(joined)[0], Counter())


@given(text=st.text() | st.text("0a.:@/-() 京A12Q微信号护照"))
def test_any_text_is_masked(text):
    masked, counts = mask(text)
    assert (masked == text) == (not counts)


@pytest.mark.slow
def test_nothing_private_is_found_in_classics():
    """The headers of Project Gutenberg's novels do name addresses; what is left has none, so nothing may be masked."""
    found: Counter[str] = Counter()
    for path in sorted(real("corpus/zh/classics").glob("*.txt")):
        found += mask(normalize(path.read_text(encoding="utf-8")))[1]
    assert found == Counter()
