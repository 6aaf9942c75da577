"""Rules measure what they say, on texts small enough to count by hand."""

import pytest

from zaohua.corpus import measures
from zaohua.corpus.prepared import Prepared

DIALOGUE = "“今天天气很好。”\n「是啊……」\n他笑了笑，没有说话。\n（全剧终）"


@pytest.mark.parametrize("digit", "０１２３４５６７８９")
def test_a_full_width_digit_is_no_symbol(digit):
    """Elsewhere １ stands in the list of punctuation, and no other digit does."""
    assert measures.words(Prepared(digit)) == 1
    assert measures.words(Prepared(f"{digit}！ ，")) == 1
    assert measures.letters(Prepared(digit)) == measures.digits(Prepared(digit)) == 1


def test_lines_of_dialogue_are_punctuated_where_characters_are_words():
    assert measures.punctuated_lines(Prepared(DIALOGUE, "characters")) == 0.75


def test_lines_of_dialogue_are_not_punctuated_in_word_modes_as_in_the_original():
    assert measures.punctuated_lines(Prepared(DIALOGUE, "rjieba")) == 0.25


def test_verses_are_punctuated_lines():
    assert measures.punctuated_lines(Prepared("床前明月光，\n疑是地上霜。", "characters")) == 1


def test_words_of_symbols_alone_do_not_count():
    document = Prepared("One , two -- (three) !?")
    assert measures.words(document) == 3
    assert measures.mean_word_length(document) == (3 + 3 + 7) / 3
    assert measures.alphabetic_words(document) == 3 / 6


def test_signs_are_counted_per_word():
    document = Prepared("#a #b c… d... e")
    assert measures.hashes_per_word(document) == 2 / 5
    assert measures.ellipses_per_word(document) == 2 / 5
    assert measures.newlines_per_word(Prepared("a\n\nb")) == 1


def test_distinct_stop_words_are_counted():
    assert measures.english_stop_words(Prepared("the the of The")) == 2
    assert measures.chinese_stop_words(Prepared("的 的 是 人们")) == 2


def test_lines_are_told_by_their_ends_and_beginnings():
    assert measures.bullet_lines(Prepared("• a\n - b\nc\nd\n")) == 0.5
    assert measures.marked_lines(Prepared("●a\n※b\n-c\nd")) == 0.5
    assert measures.ellipsis_lines(Prepared("a…\nb... \nc.\nd")) == 0.5
    assert measures.read_more_lines(Prepared("全文展开\n查看更多\n完。。。\n句子。")) == 0.75
    assert measures.short_lines(Prepared("x" * 30 + "\n" + "x" * 31 + "\n\n")) == 0.5
    assert measures.mean_line_length(Prepared("abc\nde")) == 3


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three?", 3),
        ("Mr. Smith of the U.S. army paid 3.5 pounds.", 1),
        ("He said: “No.” And left.", 2),
        ("Wait... what", 1),
        ("一句。两句！三句", 3),
        ("one\ntwo\n\nthree", 3),
        ("", 0),
    ],
)
def test_sentences(text, count):
    assert measures.sentences(Prepared(text)) == count


def test_pages_that_are_no_text_are_told():
    assert measures.lorem_ipsum(Prepared("Lorem ipsum, LOREM\nIPSUM")) == 2
    assert measures.curly_brackets(Prepared("{{}")) == 2
    assert measures.han_characters(Prepared("中文ab")) == 0.5
    assert measures.bracketed_characters(Prepared("【广\n告】x")) == 3 / 6
    assert measures.ended_sentences(Prepared("一。二；三！")) == 3
    assert measures.hash_runs(Prepared("##a#bcde")) == 2 / 8
    assert measures.ellipsis_runs(Prepared("a……b...")) == 2 / 7
    assert measures.digits(Prepared("12ab，。")) == 0.5
    assert measures.punctuation(Prepared("你好，")) == 1 / 3
    assert measures.distinct_characters(Prepared("aabb")) == 0.5
    assert measures.character_entropy(Prepared("abab")) == pytest.approx(0.6931, abs=1e-4)


def test_what_the_default_looks_at():
    assert measures.letters(Prepared("ab!! ?")) == 0.4
    assert measures.numerals(Prepared("a123")) == 0.75
    assert measures.top_character(Prepared("哈哈哈 好")) == 0.75
    assert measures.unreadable_characters(Prepared("a\ufffd\ue000b")) == 0.5
    assert measures.misread_characters(Prepared("锟斤拷a")) == 0.75
    assert measures.link_characters(Prepared("见https://a.cn/b，好")) == 14 / 17
    assert measures.markup_characters(Prepared("<p>a &amp; b</p>")) == 12 / 14
    assert measures.markup_characters(Prepared("1 < 2 and 3 > 2")) == 0
    assert measures.long_run_characters(Prepared("x" * 150 + " " + "y" * 50)) == 0.75


def test_misread_chinese_is_seen_and_true_chinese_is_not():
    text = "他说的是，我们在这里的时候，天气是好的。" * 3
    assert measures.misread_characters(Prepared(text)) == 0
    assert measures.misread_characters(Prepared(text.encode().decode("gbk", "replace"))) > 0.04
