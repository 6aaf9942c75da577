"""What is certainly mojibake is repaired, what is lost is named, and clean text stays byte for byte as it was."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tokenizer.real import real

from zaohua.corpus.mojibake import (
    GARBAGE_LINES,
    GBK_READ_NARROW,
    UTF8_READ_AS_GBK,
    UTF8_READ_NARROW,
    damaged,
    repair,
)
from zaohua.microworld import corpus, dirty
from zaohua.microworld.misreading import as_cp1252, as_gbk

STORY = "从前有一个小村庄，村里住着一位老人。\n他说：“今天天气真好，我们去河边走走吧！”\n于是大家都笑了……"
EURO = "从前有一座山，山里有一座庙"
EVEN = "老人说今天天气真好，我们去河边走走吧"


@pytest.mark.parametrize("text", [STORY, "天气", "Ünïcödé “quotes” — naïve café…", "œuvre", "привет, как дела?"])
def test_utf8_read_as_latin1_or_cp1252_is_repaired(text):
    for misread in (text.encode().decode("latin-1"), as_cp1252(text.encode())):
        assert repair(misread) == (text, UTF8_READ_NARROW)


def test_gbk_read_as_latin1_is_repaired():
    assert repair(STORY.encode("gbk").decode("latin-1")) == (STORY, GBK_READ_NARROW)
    assert repair("½ñÌìÌìÆø") == ("今天天气", GBK_READ_NARROW)
    mixed = "Today is fine.\n" + EVEN.encode("gbk").decode("latin-1") + "\ncafé"
    assert repair(mixed)[0] == f"Today is fine.\n{EVEN}\ncafé"


def test_utf8_read_as_gbk_is_repaired_where_nothing_was_lost():
    misread = as_gbk(EVEN.encode())
    assert "\ufffd" not in misread
    assert repair(misread) == (EVEN, UTF8_READ_AS_GBK)
    assert repair(f"标题没有坏\n{misread}\n结尾也没有坏") == (f"标题没有坏\n{EVEN}\n结尾也没有坏", UTF8_READ_AS_GBK)


def test_the_byte_that_windows_reads_as_a_euro_sign_is_known():
    misread = as_gbk(EURO.encode())
    assert "€" in misread
    assert repair(misread) == (EURO, UTF8_READ_AS_GBK)


def test_utf8_read_as_gbk_with_losses_is_damaged():
    for misread in (STORY.encode().decode("gbk", "replace"), STORY.encode().decode("gbk", "ignore")):
        text, done = repair(misread)
        assert (text, done) == (misread, "")
        assert damaged(text)


def test_lines_of_lost_characters_go_and_talk_about_them_stays():
    assert repair("好的\n锟斤拷锟斤拷锟斤拷\n烫烫烫烫烫烫烫\n再见") == ("好的\n再见", GARBAGE_LINES)
    joke = "手持两把锟斤拷，口中疾呼烫烫烫。\n脚踏千朵屯屯屯，笑看万物锘锘锘。"
    assert repair(joke) == (joke, "")
    assert damaged(joke) == ""
    assert damaged("锟斤拷锟斤拷的锟斤拷锟斤拷") == GARBAGE_LINES


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("好" * 500 + "\ufffd", "U+FFFD"),
        ("\ue123" * 20 + "好" * 100, "private-use"),
        ("µÚÒ»\xff" + "Ïðèâåòìèð " * 9, "unknown encoding"),
    ],
)
def test_what_cannot_be_repaired_is_named(text, reason):
    assert reason in damaged(text)


@pytest.mark.parametrize(
    "text",
    [
        STORY, "plain", "", "好" * 2000 + "\ufffd", "\ue000 字体图标",
        "猗皇至聖兮，至儉至明。\n化流瀛瀛，瀛瀛如何。\n不虢不赩，莫知其極。",
        "×÷±²³ 5 µm §3 ¶ ©", "ÀÉÈÙÂÊÎÔ", "l’été “français” — œuvre, dès l'âge de 3 ans…", "一", "鏄 锛 是两个字",
        "Привет, мир! Ёлка №5", "Ελληνικά ¨ανατροφή¨", "10 € – 20 €; £5, ¥100", "”é",
    ],
)  # fmt: skip
def test_clean_text_is_neither_changed_nor_called_damaged(text):
    assert repair(text) == (text, "")
    assert damaged(text) == ""


@given(text=st.text("今天我们去公园一是不了在人有国這個 ，。“”…ABcé1\n"))
def test_clean_chinese_is_never_changed(text):
    assert repair(text) == (text, "")


@given(text=st.text())
def test_repair_is_done_once(text):
    once = repair(text)[0]
    assert repair(once)[0] == once


def test_planted_mojibake_is_found_and_nothing_else():
    clean = list(corpus(richness="full", size=400_000, seed=3))
    documents, planted = dirty(clean, seed=1, duplicates=0, near_duplicates=0, mojibake=0.3, boilerplate=0,
                               traditional=0, html=0)  # fmt: skip
    documents = list(documents)
    plants = planted.of("mojibake")
    right = wrong = 0
    for identity, text, _ in documents:
        repaired, done = repair(text)
        if identity not in plants:
            assert (repaired, done, damaged(text)) == (text, "", "")
        elif plants[identity].cleaned:
            right += repaired == plants[identity].cleaned
            wrong += repaired != plants[identity].cleaned and not damaged(repaired)
        else:
            right += bool(damaged(repaired))
            wrong += not damaged(repaired)
    assert right >= 0.97 * len(plants)
    assert wrong <= 0.03 * len(plants)


@pytest.mark.parametrize("name", ["in-the-wild", "negative", "synthetic", "language-names"])
def test_ftfys_own_cases(name):
    """The expected text is that of fixing the encoding, or where control characters are removed too, of all fixes."""
    cases = json.loads((real("web/ftfy_mojibake") / f"{name}.json").read_text(encoding="utf-8"))
    failed = [
        case["label"]
        for case in cases
        if repair(case["original"])[0] not in (case.get("fixed-encoding", case["fixed"]), case["fixed"])
    ]
    assert failed == []
