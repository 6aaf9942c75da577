"""Pieces of a stream, joined, are the whole text; nothing unsure is shown early."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.generation.streaming import TextStream

BYTES = [bytes([value]) for value in range(256)]
texts = st.text(st.sampled_from("ab，我😀é\n"), max_size=30)
stops = st.lists(st.text(st.sampled_from("ab，我😀"), max_size=4), max_size=3)
cuts = st.lists(st.integers(0, 40), max_size=8)


def in_pieces(data, cuts):
    borders = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(borders)]


def stream(data, cuts, stop=()):
    flow = TextStream(BYTES, stop=stop)
    return [*(flow.feed(part) for part in in_pieces(data, cuts)), flow.flush()], flow.stopped


def up_to_a_stop(text, stop):
    """The text before the stop string that is complete first, the longest of several; searched end by end."""
    for end in range(1, len(text) + 1):
        matches = [len(s) for s in stop if s and text[:end].endswith(s)]
        if matches:
            return text[: end - max(matches)], True
    return text, False


@settings(deadline=None)
@given(texts, cuts)
def test_pieces_join_to_the_text_and_hold_no_broken_character(text, cuts):
    pieces, stopped = stream(text.encode(), cuts)
    assert "".join(pieces) == text
    assert not any("�" in piece for piece in pieces)
    assert not stopped


@settings(deadline=None)
@given(st.binary(max_size=30), cuts)
def test_pieces_of_any_bytes_join_to_their_decoding(data, cuts):
    assert "".join(stream(data, cuts)[0]) == data.decode("utf-8", errors="replace")


@settings(deadline=None, max_examples=300)
@given(texts, cuts, stops)
def test_a_stop_string_ends_the_text_wherever_the_pieces_are_cut(text, cuts, stop):
    pieces, stopped = stream(text.encode(), cuts, stop)
    assert ("".join(pieces), stopped) == up_to_a_stop(text, stop)


def test_an_unfinished_character_is_held_back():
    flow = TextStream([*BYTES, b"\xe6\x88", b"\x91"])
    assert flow.feed([256]) == ""
    assert flow.feed([257]) == "我"
    assert flow.feed([256]) == ""
    assert flow.flush() == "�"


def test_what_may_become_a_stop_string_is_held_back_and_released():
    flow = TextStream(BYTES, stop=["\nUser:"])
    assert flow.feed(b"Hello\nUs") == "Hello"
    assert flow.feed(b"ually") == "\nUsually"
    assert flow.feed(b"\nUser: x") == ""
    assert flow.stopped
    assert flow.feed(b"more") == ""
    assert flow.flush() == ""


def test_special_tokens_show_nothing():
    flow = TextStream([b"a", b"", b"b"])
    assert flow.feed([0, 1, 2]) == "ab"
