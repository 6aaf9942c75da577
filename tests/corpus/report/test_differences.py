"""Differences are all of what differs, and as much of the rest as is needed to see where."""

from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.report.differences import COMPARED, alike, differences

TEXTS = st.text(st.sampled_from("ab 小猫\n"), max_size=300)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_nothing_is_lost_but_what_is_counted(head, first, second, tail):
    first, second = head * 5 + first + tail, head * 5 + second + tail
    for side, whole in ((0, first), (1, second)):
        place = 0
        for stretch in differences(first, second):
            shown = stretch[side]
            assert whole[place : place + len(shown)] == shown
            place += len(shown) + stretch.left_out
        assert place == len(whole)


def test_equal_stretches_are_left_out_and_differences_marked():
    before, after = "x" * 1000, " y" * 500
    found = differences(before + " one " + after, before + " two " + after)
    assert [(each.first, each.second) for each in found if not each.same] == [("one", "two")]
    assert sum(len(each.first) for each in found) < 200


def test_equal_texts_have_no_differences():
    assert all(each.same for each in differences("same " * 500, "same " * 500))
    assert differences("", "") == []


def test_only_the_beginning_of_long_differences_is_compared():
    first, second = ("".join(f"same{n} {side}{n} " for n in range(3000)) for side in "ab")
    found = differences(first, second)
    assert 0 < sum(len(each.first) for each in found) <= COMPARED + 100
    assert sum(each.left_out for each in found) > 30_000


def test_alike_is_one_for_texts_equal_but_for_case_and_spacing():
    assert alike("One two, three", "one TWO three!") == 1
    assert alike("一二三四五六七", "甲乙丙丁戊己庚") == 0
    assert 0 < alike("the cat sat on the mat", "the cat sat on the rug") < 1
