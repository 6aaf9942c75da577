"""Letters are counted by script, and hanzi of one script alone tell which it is."""

import pytest

from zaohua.corpus import script
from zaohua.corpus.script import histogram, one_way, script_of_hanzi


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("abc é, 1!", {"Latn": 4}),
        ("ＡＢ", {"Latn": 2}),
        ("你好", {"Hani": 2}),
        ("国國", {"Hans": 1, "Hant": 1}),
        ("かカｶー", {"Kana": 4}),
        ("한글", {"Hang": 2}),
        ("Привет αβ", {"Cyrl": 6, "Grek": 2}),
        ("שלום سلام नम", {"Hebr": 4, "Arab": 4, "Deva": 2}),
        ("ไทย", {"Thai": 3}),
        ("𠀀\U00030000", {"Hani": 2}),
        ("😀\U0010ffff\ud800\x00", {}),
        ("", {}),
    ],
)
def test_letters_are_counted_by_script(text, counts):
    assert histogram(text) == counts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("这是简体中文的文字，说话的时候用。", "Hans"),
        ("這是繁體中文的文字，說話的時候用。", "Hant"),
        ("这是简体，這是繁體。", "mixed"),
        ("公里之外，皇后和干果，云云。", "Hani"),
        ("人山人海", "Hani"),
        ("English", "Hani"),
    ],
)
def test_simplified_traditional_mixed_or_untold(text, found):
    assert script_of_hanzi(text) == found


def test_the_one_way_hanzi_come_from_the_conversion_itself():
    assert one_way("t2s")["國"] == "国"
    assert one_way("s2t")["国"] == "國"
    assert len(one_way("t2s")) > 2500
    assert not {"人", "山", "国"} & one_way("t2s").keys()


def test_a_long_text_is_counted_in_pieces(monkeypatch):
    text = "国a" * 50
    monkeypatch.setattr(script, "_PIECE", 7)
    assert histogram(text) == {"Hans": 50, "Latn": 50}
