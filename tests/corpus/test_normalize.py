"""What cleaning changes, and that it changes nothing else."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.normalize import FOLDS, STANDARD, Normalisation, normalize
from zaohua.settings import UserError, check

tricky = (
    st.text(
        st.sampled_from(
            "ｶﾞﾊﾟﾞ。．.,!…　０Ａｚ国國发髮後后里裏乾坤台臺程式滑鼠面麵"
            "ae中か\u3099\u0301\u200c\u200d\u200b\ufeff\r\n\x85\x0b\t \u00ad😀\ufe0fह्य豈\u1100\u1161"
        )
    )
    | st.text()
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("a\x0bb\x0cc\x85d", "a\nb\nc\nd"),
        ("\ufeff你\u200b好\x00", "你好"),
        ("e\u0301", "é"),
        ("か\u3099", "が"),
        ("豈", "豈"),
        ("soft\u00adhyphen", "softhyphen"),
        ("中\u200d文", "中文"),
        ("a\tb  c　d", "a\tb  c d"),
        ("一\u2028二\u2029三", "一\n二\n三"),
        ("ﾞ あﾞ ｶﾞ", "゛ あ゛ ガ"),
        ("\ud83d\ude00 \ud800", "😀 \ufffd"),
    ],
)
def test_invisible_characters_go_and_forms_are_united(before, after):
    assert normalize(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "，。！？；：“”‘’（）《》【】…——％①㎡～＋－＝＄",
        "👩‍👩‍👧 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "نمی‌خواهم क्‍ष",
        "“don’t” – –— ﬁ ½",
        "卡尔·马克思 GPT 模型 10 个。。。 你好,世界...",
        "首页 关于我们 联系方式",
    ],
)
def test_punctuation_widths_and_joiners_with_a_meaning_stay(text):
    assert normalize(text) == text


EVERYTHING = Normalisation(
    spaced_hanzi="remove", full_width_punctuation=True, ellipses=True, script="simplified", region="taiwan"
)
NOTHING = Normalisation(invisible=False, full_width=False, half_width_kana=False, spaced_hanzi="keep")
TRADITIONAL = Normalisation(script="traditional", region="hong_kong")


@pytest.mark.parametrize("settings", [STANDARD, EVERYTHING, TRADITIONAL, Normalisation(script="simplified"), NOTHING])
@given(text=tricky)
def test_twice_is_once_and_the_result_is_composed(settings, text):
    once = normalize(text, settings)
    assert normalize(once, settings) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\r" not in once


@given(text=st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Po", "Sm", "Zs"])))
def test_without_folds_letters_digits_and_punctuation_survive(text):
    assert unicodedata.normalize("NFC", text) == normalize(text, NOTHING)


@given(text=st.text("，。、；：？！“”‘’（）《》〈〉「」『』【】〔〕…—～·％＋－＝＄＃＆＠／＼｜｛｝中a 1"))
def test_no_full_width_punctuation_is_lost(text):
    def marks(each):
        return [character for character in each if character not in "中a 1"]

    assert marks(normalize(text)) == marks(text)
    assert marks(normalize(text, EVERYTHING)) == marks(text.replace("。。。", "……")) or "。。。" in text


@pytest.mark.parametrize("digit", range(10))
def test_every_full_width_digit_survives_as_itself(digit):
    assert normalize(f"第{chr(0xFF10 + digit)}章") == f"第{digit}章"
    assert normalize(f"第{chr(0xFF10 + digit)}章", NOTHING) == f"第{chr(0xFF10 + digit)}章"


@pytest.mark.parametrize("name", FOLDS)
def test_every_fold_has_an_example_and_a_setting(name):
    fold = FOLDS[name]
    on = NOTHING.model_copy(update={name: "remove" if name == "spaced_hanzi" else True})
    assert fold.before != fold.after
    assert normalize(fold.before, on) == fold.after
    assert normalize(fold.before, NOTHING) == unicodedata.normalize("NFC", fold.before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("今 天 天 气 真 好 ， 我 们 去 公 园", "今天天气真好 ， 我们去公园"),
        ("今天 天气 很 好", "今天天气很好"),
        ("首页 新闻 体育 关于我们", "首页 新闻 体育 关于我们"),
        ("中文 English 中文 2 个", "中文 English 中文 2 个"),
    ],
)
def test_spaces_between_hanzi_go_where_most_hanzi_have_one(before, after):
    assert normalize(before) == after


@pytest.mark.parametrize(
    ("script", "region", "before", "after"),
    [
        ("simplified", "general", "滑鼠和臺灣的程式都看著", "滑鼠和台湾的程式都看著"),
        ("simplified", "taiwan", "滑鼠和臺灣的程式都看著", "鼠标和台湾的程序都看着"),
        ("simplified", "taiwan", "滑鼠和程式", "鼠标和程序"),
        ("simplified", "hong_kong", "裏面的衞生間", "里面的卫生间"),
        ("traditional", "general", "头发和发展", "頭髮和發展"),
        ("traditional", "taiwan", "鼠标和软件", "滑鼠和軟體"),
        ("keep", "general", "头发頭髮", "头发頭髮"),
        ("traditional", "general", "頭髮和發展，乾坤", "頭髮和發展，乾坤"),
        ("simplified", "general", "我们说话的时候，" * 9 + "“電腦”。", "我们说话的时候，" * 9 + "“电脑”。"),
        (
            "traditional",
            "general",
            "這裡說話，范先生姓于，" * 9 + "“电脑”。",
            "這裡說話，范先生姓于，" * 9 + "“電腦”。",
        ),
    ],
)
def test_script_policy(script, region, before, after):
    assert normalize(before, Normalisation(script=script, region=region)) == after


def test_a_misspelt_setting_is_named():
    with pytest.raises(UserError, match="did you mean full_width"):
        check(Normalisation, {"fullwidth": True})
